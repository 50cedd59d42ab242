import type { RegionCode } from "../../src/domain/region.ts";
import { Trouble } from "./trouble.ts";

/** Who can sign in to a region that was started to be tried out. */
export interface DemoOwner {
  readonly email: string;
  readonly password: string;
}

const SLUG = "demo";
const CONFLICT = 409;

/**
 * Makes a team with an owner in a region; one that is there already stays. Regions have no people in common, so each
 * has an owner of its own.
 */
export async function seedRegion(url: string, region: RegionCode, operatorKey: string): Promise<DemoOwner> {
  const owner = { email: `owner@${region}.example`, password: `a demo password for ${region}` };
  const response = await fetch(`${url}/v1/teams`, {
    method: "POST",
    headers: { Authorization: `Bearer ${operatorKey}`, "Content-Type": "application/json" },
    body: JSON.stringify({ name: `Demo ${region}`, slug: SLUG, owner }),
  });
  if (response.status !== 201 && response.status !== CONFLICT)
    throw new Trouble(`Region ${region} does not take a team: ${response.status} ${await response.text()}`);
  return owner;
}
