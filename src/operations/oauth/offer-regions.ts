import { isRegionCode, type RegionCode } from "../../domain/region.ts";
import { readClient } from "../../store/client-authentication.ts";
import type { Deps } from "../deps.ts";
import { readOnce, type Pairs } from "./authorization-request.ts";

/**
 * The regions in which somebody can go on with an authorization request, this one among them (contract, section 9):
 * those in which the client is enabled. None where there is no choice: the client is nowhere else, the request was
 * pushed and so is stored here alone (RFC 9126), or a team's own domain was asked, whose people are here.
 */
export async function offerRegions(deps: Deps, query: Pairs): Promise<readonly RegionCode[]> {
  const { db, clock, region, tenant } = deps;
  const id = readOnce(query, "client_id");
  const isPushed = query.some(([name]) => name === "request_uri");
  if (tenant !== null || isPushed || !id.ok || id.value === null) return [];
  const found = await readClient(db, { id: id.value, secretHash: null, now: clock() });
  if (found === undefined || found.teamStatus === "suspended") return [];
  const { homeRegion, regions } = found.client;
  const all = [homeRegion ?? region, ...regions.filter(isRegionCode)];
  // A region that its home has taken from the list has not heard of that yet.
  return all.length > 1 && all.includes(region) ? all : [];
}
