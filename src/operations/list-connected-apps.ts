import { listConnections } from "../store/consents.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import { listPlaces, type Consenter } from "./oauth/list-places.ts";
import { isIdle } from "./oauth/weigh-places.ts";

/** An application that may act for a person in a team. */
export interface ConnectedApp {
  readonly clientId: string;
  readonly name: string;
  readonly homepageUrl: string | null;
  readonly teamId: string;
  readonly teamName: string;
  /** Sorted. */
  readonly permissions: readonly string[];
  /** Milliseconds. */
  readonly since: number;
}

export interface ConnectedApps {
  readonly email: string;
  readonly apps: readonly ConnectedApp[];
}

/**
 * What the person who is signed in has allowed to applications, in the teams that their session reaches; null:
 * nobody is signed in.
 */
export async function listConnectedApps(
  deps: Deps,
  cookie: string,
  moment: Moment,
): Promise<ConnectedApps | null> {
  const person = await identifyConsenter(deps, cookie, moment);
  if (person === null) return null;
  const { userId, email, places } = person;
  const teamIds = places.map(({ teamId }) => teamId);
  const apps = new Map<string, ConnectedApp>();
  for (const one of await listConnections(deps.db, { userId, teamIds })) {
    const { clientId, clientName: name, homepageUrl, teamId, teamName } = one;
    const key = `${clientId} ${teamId}`;
    const known = apps.get(key);
    const permissions = [...new Set([...(known?.permissions ?? []), ...one.permissions])].sort();
    const since = Math.min(known?.since ?? Infinity, one.since);
    apps.set(key, { clientId, name, homepageUrl, teamId, teamName, permissions, since });
  }
  return { email, apps: [...apps.values()].toSorted(byName) };
}

/** Whoever is signed in and has not been away for too long. */
export async function identifyConsenter(
  deps: Deps,
  cookie: string,
  moment: Moment,
): Promise<Consenter | null> {
  const person = await listPlaces(deps, cookie, moment);
  return person === null || isIdle(person.places) ? null : person;
}

function byName(left: ConnectedApp, right: ConnectedApp): number {
  return left.name.localeCompare(right.name, "en") || left.teamName.localeCompare(right.teamName, "en");
}
