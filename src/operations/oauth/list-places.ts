import type { Holder } from "../../domain/permission.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { holderOf } from "../caller.ts";
import type { Deps } from "../deps.ts";
import { identifySession } from "../identify-session.ts";
import type { Moment } from "../moment.ts";
import { showPerson, type Person } from "../show-person.ts";

/** A team of the person who is signed in, as far as this session may act there. */
export interface Place {
  readonly teamId: string;
  readonly name: string;
  /** What the person holds in it; null: this session may not act there, for the reason beside it. */
  readonly holder: Holder | null;
  readonly refusal: Refusal | null;
}

/** Somebody who can let an application act for them. */
export interface Consenter extends Omit<Person, "teams"> {
  readonly places: readonly Place[];
}

/** Whoever is signed in by this cookie, with what they hold in each of their teams; null: nobody is. */
export async function listPlaces(deps: Deps, cookie: string, moment: Moment): Promise<Consenter | null> {
  const person = await showPerson(deps, cookie, moment);
  if (person === null) return null;
  const { teams, ...who } = person;
  const places = await Promise.all(
    teams.map(async ({ id: teamId, name }): Promise<Place> => {
      const caller = await identifySession(deps, cookie, { team: teamId, permission: null }, moment);
      return caller.ok
        ? { teamId, name, holder: holderOf(caller.value), refusal: null }
        : { teamId, name, holder: null, refusal: caller.error };
    }),
  );
  return { ...who, places };
}
