import { isMembers } from "../../domain/jws.ts";
import { isRegionCode, REGION_CODES, type RegionCode } from "../../domain/region.ts";
import { homeOf } from "../../domain/registration.ts";
import { findForeignClient } from "../../store/foreign-clients.ts";
import type { Deps } from "../deps.ts";
import { Unavailable } from "../unavailable.ts";
import { REGISTRATIONS_PATH } from "./send-registrations.ts";

const TIMEOUT_MS = 5_000;
const MAX_ANSWER = 4_096;

type HomeDeps = Pick<Deps, "db" | "send" | "origins" | "region">;

/** Where a client of this region lives now: here, or where its team has moved; null: there is none of this id. */
export async function currentHome(
  { db, region }: Pick<Deps, "db" | "region">,
  id: string,
): Promise<RegionCode | null> {
  const client = await findForeignClient(db, id);
  return client === undefined ? null : (client.homeRegion ?? region);
}

/**
 * Whether a region's word counts about a client: it is the one that the id names, or the one to which that says the
 * client's team has moved, and so on from there.
 * @throws {Unavailable} when one of those regions cannot be asked
 */
export async function isHomeOf(deps: HomeDeps, clientId: string, region: RegionCode): Promise<boolean> {
  return (await followHomes(deps, clientId)).home === region;
}

/** The same of a region that has given the client up by now, to whomever. */
export async function wasHomeOf(deps: HomeDeps, clientId: string, region: RegionCode): Promise<boolean> {
  return (await followHomes(deps, clientId)).path.includes(region);
}

/** The regions through which a client has come, each at the word of the one before; `home` says that it stays. */
async function followHomes(
  deps: HomeDeps,
  clientId: string,
): Promise<{ readonly path: readonly RegionCode[]; readonly home: RegionCode | null }> {
  const path: RegionCode[] = [];
  let region = homeOf(clientId);
  while (region !== null && path.length < REGION_CODES.length) {
    path.push(region);
    const next: RegionCode | null = await homeSaidBy(deps, region, clientId);
    if (next === region) return { path, home: region };
    region = next;
  }
  return { path, home: null };
}

async function homeSaidBy(deps: HomeDeps, region: RegionCode, clientId: string): Promise<RegionCode | null> {
  if (region === deps.region) return currentHome(deps, clientId);
  const request = new Request(`${deps.origins[region]}${REGISTRATIONS_PATH}/${clientId}`, {
    headers: { Accept: "application/json" },
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const response = await deps.send(request).catch(() => null);
  if (response === null || response.status >= 500 || response.status === 429) {
    throw new Unavailable("another region cannot be asked where a client lives");
  }
  const text = response.status === 200 ? await response.text() : "";
  if (text.length > MAX_ANSWER) return null;
  const home = homeIn(text);
  return home !== null && isRegionCode(home) ? home : null;
}

function homeIn(text: string): string | null {
  try {
    const answer: unknown = JSON.parse(text);
    const home = isMembers(answer) ? answer["home"] : null;
    return typeof home === "string" ? home : null;
  } catch {
    return null;
  }
}
