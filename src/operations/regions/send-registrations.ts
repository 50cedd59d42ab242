import { isMembers } from "../../domain/jws.ts";
import { isRegionCode, type RegionCode } from "../../domain/region.ts";
import { registrationClaims, REGISTRATION_TYPE, type Registration } from "../../domain/registration.ts";
import {
  claimDueRegistrations,
  listDueRegions,
  overtakeRegistration,
  postponeRegistrations,
  readOutgoing,
  settleRegistration,
  type ClaimedRegistration,
  type OutgoingRegistration,
} from "../../store/registrations.ts";
import type { Deps } from "../deps.ts";
import { signJwt } from "../oauth/sign-jwt.ts";

/** Where a region takes what others tell it. */
export const REGISTRATIONS_PATH = "/v1/regions/clients";

export const JWT_TYPE = "application/jwt";

/** How long a sender that has died keeps a registration from being sent. */
const CLAIM_MS = 60_000;
const TIMEOUT_MS = 10_000;
/** No registration is begun later, so that all are settled before their claims are over. */
const ROUND_MS = 20_000;

/** Of a region in one round: an invocation has 1,000 queries (facts: platform, "D1"). */
const MAX_PER_ROUND = 20;

const FIRST_RETRY_MS = 5_000;
/** A region that was down hears of everything within this time of its return. */
const LAST_RETRY_MS = 300_000;

/**
 * What was taken is told again once a day: a region whose database was restored to an earlier time has forgotten it,
 * and one that has a higher version than ours tells that ours was restored.
 */
const REMIND_MS = 86_400_000;

const MAX_ANSWER = 4_096;

type SendDeps = Pick<Deps, "db" | "clock" | "vault" | "send" | "origins" | "region">;

/**
 * Tells other regions what is new about clients that are enabled there (contract, section 9), until they have taken
 * it, however long that takes. Any number of rounds at once do no harm: each tells what it has claimed.
 */
export async function sendRegistrations(deps: SendDeps): Promise<void> {
  const regions = await listDueRegions(deps.db, deps.clock());
  const rounds = await Promise.allSettled(
    regions.filter(isRegionCode).map((region) => tellRegion(deps, region)),
  );
  const failed = rounds.filter((round) => round.status === "rejected");
  if (failed.length > 0) {
    throw new AggregateError(
      failed.map(({ reason }) => reason as unknown),
      "registrations could not be finished",
    );
  }
}

async function tellRegion(deps: SendDeps, region: RegionCode): Promise<void> {
  const { db, clock } = deps;
  const now = clock();
  const claimedUntil = now + CLAIM_MS;
  const claimed = await claimDueRegistrations(db, {
    region,
    now,
    until: claimedUntil,
    limit: MAX_PER_ROUND,
  });
  const postpone = async (those: readonly ClaimedRegistration[]): Promise<void> => {
    const tries = Math.max(0, ...those.map((each) => each.tries));
    const clientIds = those.map(({ clientId }) => clientId);
    const nextAt = clock() + retryMs(tries);
    if (clientIds.length > 0) await postponeRegistrations(db, { region, clientIds, claimedUntil, nextAt });
  };
  for (const [place, each] of claimed.entries()) {
    const outcome = clock() - now < ROUND_MS ? await tell(deps, region, each) : "away";
    if (outcome === "refused") await postpone([each]);
    // What is down for one is down for the others: one question tells.
    if (outcome === "away") {
      await postpone(claimed.slice(place));
      return;
    }
  }
}

type Outcome = "settled" | "refused" | "away";

async function tell(
  deps: SendDeps,
  region: RegionCode,
  { clientId, tries }: ClaimedRegistration,
): Promise<Outcome> {
  const { db, clock } = deps;
  const outgoing = await readOutgoing(db, { clientId, region, now: clock() });
  if (outgoing === undefined) return "refused";
  const { version } = outgoing;
  // Its team has moved: what it is, the region tells where that is now.
  if (outgoing.client.homeRegion !== null) {
    await settleRegistration(db, { clientId, region, version, nextAt: null });
    return "settled";
  }
  const registration = registrationOf(outgoing, region);
  const jws = await signRegistration(deps, region, registration);
  const response = await post(deps, region, jws);
  if (response === null || response.status >= 500 || response.status === 429) return "away";
  const taken = response.status === 200 ? await readAnswer(response) : null;
  if (taken === null || taken < version) return "refused";
  if (taken > version) {
    await overtakeRegistration(db, { clientId, region, version: taken, nextAt: clock() + retryMs(tries) });
    return "settled";
  }
  const nextAt = registration.enabled === null ? null : clock() + REMIND_MS;
  await settleRegistration(db, { clientId, region, version, nextAt });
  return "settled";
}

/** What a region is told: of a client that is not enabled there, only that. */
function registrationOf(
  { version, client, teamStatus, secrets }: OutgoingRegistration,
  region: RegionCode,
): Registration {
  const { id: clientId, type } = client;
  if (client.deletedAt !== null || !client.regions.includes(region))
    return { clientId, type, version, enabled: null };
  const { name, homepageUrl, redirectUris, jsOrigins, permissions, jwks, sameSecretEverywhere } = client;
  return {
    clientId,
    type,
    version,
    enabled: {
      name,
      team: client.teamId,
      teamStatus,
      homepageUrl,
      redirectUris,
      jsOrigins,
      permissions,
      jwks,
      regions: client.regions.filter(isRegionCode),
      sameSecretEverywhere,
      createdAt: client.createdAt,
      secrets,
    },
  };
}

/** A registration as its home region says it to one other region. */
export function signRegistration(
  deps: Pick<Deps, "db" | "clock" | "vault" | "origins" | "region">,
  region: RegionCode,
  registration: Registration,
): Promise<string> {
  const { origins, clock } = deps;
  const claims = {
    iss: origins[deps.region],
    aud: origins[region],
    iat: Math.floor(clock() / 1000),
    ...registrationClaims(registration),
  };
  return signJwt(deps, claims, REGISTRATION_TYPE);
}

async function post({ send, origins }: SendDeps, region: RegionCode, jws: string): Promise<Response | null> {
  const request = new Request(origins[region] + REGISTRATIONS_PATH, {
    method: "POST",
    headers: { "Content-Type": JWT_TYPE, Accept: "application/json" },
    body: jws,
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return send(request).catch(() => null);
}

/** The version that is in force there, null: it does not say. */
async function readAnswer(response: Response): Promise<number | null> {
  if (Number(response.headers.get("Content-Length") ?? 0) > MAX_ANSWER) return null;
  const text = await response.text().catch(() => "");
  if (text.length > MAX_ANSWER) return null;
  try {
    const answer: unknown = JSON.parse(text);
    const version = isMembers(answer) ? answer["version"] : null;
    return typeof version === "number" && Number.isSafeInteger(version) ? version : null;
  } catch {
    return null;
  }
}

function retryMs(tries: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** Math.min(tries, 20), LAST_RETRY_MS);
}
