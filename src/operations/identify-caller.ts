import type { SentProof } from "../domain/proof.ts";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { isTagged, parseCredential } from "../domain/token.ts";
import type { KeyedService } from "../store/services.ts";
import { findTeam } from "../store/teams.ts";

import type { Caller } from "./caller.ts";
import { checkToken } from "./check-token.ts";
import { hashCredential, tagHolds } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import { identifySession } from "./identify-session.ts";
import type { Moment } from "./moment.ts";
import { recordDenial, recordDeniedSession } from "./record-denial.ts";

export type { KeyedService } from "../store/services.ts";

export interface Presented {
  /** The bearer credential, null when none was sent. */
  readonly credential: string | null;
  /** A console session's cookie, null when none was sent or another site may have caused the request. */
  readonly session: string | null;
  /** What came with the credential under the scheme DPoP; null: it came as a bearer credential. */
  readonly proof: SentProof | null;
  readonly ip: string | null;
}

/** A token as it was presented. */
type PresentedToken = Pick<Presented, "proof" | "ip"> & { readonly credential: string };

/** The operator, by one of the operator keys; everybody else is refused as what they are. */
export async function identifyOperator(
  deps: Deps,
  presented: Presented,
  moment: Moment,
): Promise<Result<Caller, Refusal>> {
  if (presented.credential === null) return err({ kind: "no_credential" });
  if (isOperatorKey(deps, presented)) return ok({ kind: "operator" });
  const identified = await identifyToken(
    deps,
    { ...presented, credential: presented.credential },
    {},
    moment,
  );
  if (!identified.ok) return identified;
  const refusal: Refusal = { kind: "operator_only" };
  const about = { teamId: identified.value.token.teamId, subject: "api", permission: null };
  await recordDenial(deps, { caller: identified.value, ip: presented.ip }, about, refusal);
  return err(refusal);
}

/** A caller of one team's API: the operator, or a token or session that holds the permission there. */
export async function identifyTeamCaller(
  deps: Deps,
  presented: Presented,
  { team, permission }: { team: string; permission: string },
  moment: Moment,
): Promise<Result<Caller, Refusal>> {
  if (presented.credential === null) {
    return presented.session === null
      ? err({ kind: "no_credential" })
      : identifyMember(deps, { cookie: presented.session, ip: presented.ip }, { team, permission }, moment);
  }
  if (isOperatorKey(deps, presented)) return operatorOf(deps, team);
  return identifyToken(
    deps,
    { ...presented, credential: presented.credential },
    { team, permission },
    moment,
  );
}

/** Not of a team that has moved away: what is still here of it is not what it is. */
async function operatorOf({ db }: Deps, teamId: string): Promise<Result<Caller, Refusal>> {
  const team = await findTeam(db, teamId);
  return team === undefined || team.livesIn === null
    ? ok({ kind: "operator" })
    : err({ kind: "wrong_region", region: team.livesIn, moved: true });
}

/** A token of whatever team, by the same tests as a check. */
export async function identifyTokenCaller(
  deps: Deps,
  { credential, ...presented }: Omit<Presented, "session">,
  moment: Moment,
): Promise<Result<Extract<Caller, { kind: "token" }>, Refusal>> {
  if (credential === null) return err({ kind: "no_credential" });
  return identifyToken(deps, { ...presented, credential }, {}, moment);
}

/** A service whose key proved good before and still holds, where nothing has to be waited for; else null. */
export function serviceAtHand(
  { records }: Deps,
  { credential }: { readonly credential: string | null },
  moment: Moment,
): KeyedService | null {
  const hash = credential === null ? undefined : hashesOfKnownKeys.get(credential);
  const found = hash === undefined ? null : records.services.hit(hash, moment);
  return found !== null && isLive(found.value, moment.arrivedAt) ? found.value : null;
}

/** A service, by one of its keys. */
export async function identifyService(
  deps: Deps,
  presented: { readonly credential: string | null },
  moment: Moment,
): Promise<Result<KeyedService, Refusal>> {
  if (presented.credential === null) return err({ kind: "no_credential" });
  const { services } = deps.records;
  const key = parseCredential(presented.credential);
  if (key === null) return err({ kind: "unknown_credential" });
  if (isTagged(key.kind) && key.region !== deps.region)
    return err({ kind: "wrong_region", region: key.region });
  const hash = hashCredential(key.text);
  if (key.kind !== "sk" || (!services.has(hash) && !tagHolds(deps, key))) {
    return err({ kind: "unknown_credential" });
  }
  const found = services.hit(hash, moment) ?? (await services.get(hash, moment));
  if (found === null || !isLive(found.value, moment.arrivedAt)) return err({ kind: "unknown_credential" });
  rememberKey(key.text, hash);
  return ok(found.value);
}

/** A session, whose refusals leave an audit event as a token's do. */
async function identifyMember(
  deps: Deps,
  presented: { readonly cookie: string; readonly ip: string | null },
  needs: { readonly team: string; readonly permission: string },
  moment: Moment,
): Promise<Result<Caller, Refusal>> {
  const identified = await identifySession(deps, presented.cookie, needs, moment);
  if (!identified.ok) await recordDeniedSession(deps, presented, needs, identified.error);
  return identified;
}

/**
 * SHA-256 of the service keys that proved good, by the key. They are few, the owner's own, and in every request
 * to this isolate; whether one still holds, the fresh record says. Callers' tokens are never kept.
 */
const hashesOfKnownKeys = new Map<string, string>();
const MAX_KNOWN_KEYS = 100;

function rememberKey(key: string, hash: string): void {
  if (hashesOfKnownKeys.has(key)) return;
  if (hashesOfKnownKeys.size >= MAX_KNOWN_KEYS) hashesOfKnownKeys.clear();
  hashesOfKnownKeys.set(key, hash);
}

/** The same tests as a check, so that no second set of rules can disagree with it. */
async function identifyToken(
  deps: Deps,
  { credential, proof, ip }: PresentedToken,
  { team, permission }: { team?: string; permission?: string },
  moment: Moment,
): Promise<Result<Extract<Caller, { kind: "token" }>, Refusal>> {
  const question = {
    token: credential,
    permissions: permission === undefined ? [] : [permission],
    team: team ?? null,
    ip,
    cost: 1,
    service: null,
    resource: deps.origins[deps.region],
    proof,
  };
  const { refusal, token } = await checkToken(deps, question, moment);
  if (refusal !== null) return err(refusal);
  if (token === null) throw new Error("an allowed token is known");
  return ok({ kind: "token", token });
}

/**
 * Digests are compared, so that the time taken says nothing about the key. Bound to no key of anybody's, it is no
 * operator key under the scheme DPoP.
 */
function isOperatorKey({ operatorKeyHashes }: Deps, { credential, proof }: Presented): boolean {
  return proof === null && credential !== null && operatorKeyHashes.has(hashCredential(credential));
}

function isLive({ deletedAt, keyExpiresAt }: KeyedService, now: number): boolean {
  return deletedAt === null && (keyExpiresAt === null || keyExpiresAt > now);
}
