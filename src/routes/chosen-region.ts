import { OAUTH_PATHS } from "../domain/oauth-endpoints.ts";
import { isRegionCode, type RegionCode } from "../domain/region.ts";
import type { Deps } from "../operations/deps.ts";
import { clearCookie, cookieOf, setCookie } from "./session-cookie.ts";

/*
 * In which region somebody has their account (contract, section 9): they say so where an application sends them, and
 * are sent on by themselves from then on.
 */

const REGION_COOKIE = "__Host-jeton_region";

/** A browser is asked again after a year. */
const KEPT_SECONDS = 365 * 86_400;

/**
 * Stands in a request that was sent on, and names where to: there it ends, so that two regions in which different
 * choices are remembered do not send a browser to and fro.
 */
const SENT_TO = "region";

type Query = readonly (readonly [name: string, value: string])[];

/** Null: none was chosen, or none that there is. */
export function chosenRegion(request: Request): RegionCode | null {
  const value = cookieOf(request, REGION_COOKIE) ?? "";
  return isRegionCode(value) ? value : null;
}

/** Remembers a choice; of this very region, by forgetting any other. */
export function rememberRegion({ region }: Pick<Deps, "region">, chosen: RegionCode): string {
  return chosen === region ? clearCookie(REGION_COOKIE) : setCookie(REGION_COOKIE, chosen, KEPT_SECONDS);
}

/** Whether somebody chose this very region for a request, here or where they were before. */
export function wasSentHere({ region }: Pick<Deps, "region">, query: Query): boolean {
  return query.some(([name, value]) => name === SENT_TO && value === region);
}

/**
 * The same authorization request in a region of the directory, and nowhere else.
 * @param search of the request, as it is to be repeated
 */
export function requestIn(
  { origins }: Pick<Deps, "origins">,
  region: RegionCode,
  search: URLSearchParams,
): string {
  const query = new URLSearchParams(search);
  query.set(SENT_TO, region);
  return `${origins[region]}${OAUTH_PATHS.authorization}?${query.toString()}`;
}

/** The authorization request to which a path of ours leads, null: to something else. */
export function requestAt(path: string): URLSearchParams | null {
  const [pathname, search] = path.split("?", 2);
  return pathname === OAUTH_PATHS.authorization && search !== undefined ? new URLSearchParams(search) : null;
}
