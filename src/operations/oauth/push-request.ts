import { randomBase62 } from "../../domain/base62.ts";
import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { commit } from "../../store/database.ts";
import { insertPushedRequest } from "../../store/pushed-requests.ts";
import { hashCredential } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import type { Moment } from "../moment.ts";
import { awaitOwn } from "../shared-read.ts";
import { returnPathOf, storedPairs, validateRequest } from "./authorization-request.ts";
import { identifyClient } from "./identify-client.ts";
import { proofKeyOf } from "./proof-key.ts";
import type { OAuthRequest } from "./request.ts";

/** RFC 9126, section 2.2. Signing in and deciding lie within it. */
const LIFETIME_SECONDS = 300;

const PREFIX = "urn:ietf:params:oauth:request_uri:";
const RANDOM_LENGTH = 43;

/** A row is stored, and a browser's address line carries what comes back of it. */
const MOST_CHARACTERS = 8192;

/** By one client from one address: each leaves a row. */
const REQUESTS = { limit: 100, windowMs: 600_000 };

export interface PushedRequest {
  readonly requestUri: string;
  readonly expiresInSeconds: number;
  /** Origins whose scripts may read the answer. */
  readonly jsOrigins: readonly string[];
}

/** Takes an authorization request from its client itself, authenticated, before any browser is involved (RFC 9126). */
export async function pushRequest(
  deps: Deps,
  request: OAuthRequest,
  moment: Moment,
): Promise<Result<PushedRequest, OAuthRefusal>> {
  const identified = await identifyClient(deps, request);
  if (!identified.ok) return identified;
  const { client, teamStatus } = identified.value;
  if (teamStatus === "suspended") return err({ kind: "team_suspended" });
  // RFC 9126, section 2.1: that one was pushed already.
  if (request.parameters.get("request_uri") !== null) {
    return err({ kind: "parameter_invalid", parameter: "request_uri" });
  }
  const pairs = storedPairs(request.parameters.entries);
  if (JSON.stringify(pairs).length > MOST_CHARACTERS) return err({ kind: "body_too_large" });
  const back = returnPathOf(client, pairs);
  if (!back.ok) return back;
  const valid = await validateRequest(deps, { client, back: back.value }, pairs, moment);
  if (!valid.ok) return valid;
  const proven = await proofKeyOf(deps, request);
  if (!proven.ok) return proven;
  // RFC 9449, section 10.1: a proof binds the code as `dpop_jkt` does, and both are the same key.
  const named = valid.value.proofKey;
  if (proven.value !== null && named !== null && named !== proven.value) {
    return err({ kind: "parameter_invalid", parameter: "dpop_jkt" });
  }
  const wait = await chargeRequest(deps, client.id, request.ip);
  if (wait !== null) return err({ kind: "rate_limited", what: "pushed requests", retryAfterSeconds: wait });

  const requestUri = PREFIX + randomBase62(RANDOM_LENGTH, deps.randomBytes);
  const bound: [string, string][] =
    proven.value === null || named !== null ? [] : [["dpop_jkt", proven.value]];
  const row = {
    hash: hashCredential(requestUri),
    clientId: client.id,
    parameters: [...pairs, ...bound],
    expiresAt: deps.clock() + LIFETIME_SECONDS * 1000,
    usedAt: null,
  };
  await commit(deps.db, [insertPushedRequest(deps.db, row)]);
  return ok({ requestUri, expiresInSeconds: LIFETIME_SECONDS, jsOrigins: client.jsOrigins });
}

async function chargeRequest(deps: Deps, clientId: string, ip: string | null): Promise<number | null> {
  // Names of Durable Objects hold no personal data (facts: platform, "Durable Objects").
  const from = deps.limiter(`pushed-requests:${hashCredential(`${clientId} ${ip ?? ""}`)}`);
  const charge = await awaitOwn(from.take({ ...REQUESTS, cost: 1 }), deps.startTimer);
  return charge.allowed ? null : Math.ceil((charge.retryAfterMs ?? 0) / 1000);
}
