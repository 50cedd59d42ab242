import { defaultOrigin } from "../../src/deployments.ts";
import { encodeBase62 } from "../../src/domain/base62.ts";
import { crc32 } from "../../src/domain/crc32.ts";
import { REGION_CODES, type RegionCode } from "../../src/domain/region.ts";
import { Trouble } from "../local/trouble.ts";

export interface SmokeTools {
  send(url: string, init: RequestInit): Promise<Response>;
  wait(milliseconds: number): Promise<void>;
}

/** A new version, and a host name that is served for the first time, take a while to be everywhere. */
const ATTEMPTS = 30;
const PAUSE_MS = 4000;

/**
 * Asks a region whether it serves as itself, and whether it refuses what it must: a token that nobody issued, and
 * another region's, which it has to send there. Needs no secret.
 * @throws {Trouble} naming what was wrong
 */
export async function smokeTest(region: RegionCode, { send, wait }: SmokeTools): Promise<void> {
  const origin = defaultOrigin(region);
  for (let attempt = 1; ; attempt += 1) {
    const problem = await healthProblem(region, origin, send);
    if (problem === null) break;
    if (attempt === ATTEMPTS) throw new Trouble(`${region}: ${origin} does not serve: ${problem}`);
    await wait(PAUSE_MS);
  }
  await expectRefused(region, { token: forge(region), code: "COM0013" }, send);
  const other = REGION_CODES.find((code) => code !== region) ?? region;
  const answer = await expectRefused(region, { token: forge(other), code: "TOK0003" }, send);
  const told = (answer.region as { base_url?: unknown } | undefined)?.base_url;
  if (told !== defaultOrigin(other)) {
    throw new Trouble(`${region}: it does not send a token of region ${other} to ${defaultOrigin(other)}`);
  }
}

async function healthProblem(
  region: RegionCode,
  origin: string,
  send: SmokeTools["send"],
): Promise<string | null> {
  try {
    const response = await send(`${origin}/healthz`, {});
    if (response.status !== 200) return `/healthz answers ${response.status}`;
    const health: { status?: unknown; region?: unknown } = await response.json();
    return health.status === "ok" && health.region === region ? null : "/healthz is not this region's";
  } catch (error) {
    return error instanceof Error ? error.message : "no answer";
  }
}

async function expectRefused(
  region: RegionCode,
  { token, code }: { readonly token: string; readonly code: string },
  send: SmokeTools["send"],
): Promise<Record<string, unknown>> {
  const response = await send(`${defaultOrigin(region)}/v1/teams/team_smoke`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  if (response.status === 401 && answer["error_code"] === code) return answer;
  throw new Trouble(`${region}: a token that nobody issued is answered ${response.status}, not 401 ${code}`);
}

/** Right in shape and checksum and wrong in its tag: what only the region's tag key can tell. */
function forge(region: RegionCode): string {
  const body = `jtn_pat_${region}_${"0".repeat(30)}`;
  return body + encodeBase62(crc32(body), 6);
}
