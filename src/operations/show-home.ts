import type { Holder } from "../domain/permission.ts";
import type { Refusal } from "../domain/refusal.ts";
import { OWNER_ROLE } from "../domain/role.ts";
import { findRole } from "../store/roles.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import { connectableBy, type ConnectableSso } from "./offer-sso.ts";
import { showHold } from "./show-hold.ts";
import { showPerson, type Person } from "./show-person.ts";

export interface TeamAtHome {
  readonly name: string;
  readonly slug: string;
  /** Null: the built-in one of owners. */
  readonly roleName: string | null;
  /** What the person holds there; null: they may not act there now, for the reason beside it. */
  readonly holder: Holder | null;
  readonly refusal: Refusal | null;
}

export interface Home {
  readonly person: Person;
  readonly teams: readonly TeamAtHome[];
  /** OpenID connections of their teams; a session that came by one connects no account. */
  readonly connectable: readonly ConnectableSso[];
}

/** The first page of whoever is signed in by this cookie; null: nobody is. */
export async function showHome(deps: Deps, cookie: string, moment: Moment): Promise<Home | null> {
  const person = await showPerson(deps, cookie, moment);
  if (person === null) return null;
  const teams = await Promise.all(
    person.teams.map(async ({ id, name, slug, role }): Promise<TeamAtHome> => {
      const [hold, roleName] = await Promise.all([
        showHold(deps, cookie, id, moment),
        role === OWNER_ROLE
          ? null
          : findRole(deps.db, { teamId: id, id: role }).then((row) => row?.name ?? role),
      ]);
      const standing = hold.ok
        ? { holder: hold.value, refusal: null }
        : { holder: null, refusal: hold.error };
      return { name, slug, roleName, ...standing };
    }),
  );
  const connectable = person.ssoTeamId === null ? await connectableBy(deps, person.userId) : [];
  return { person, teams, connectable };
}
