import { missingPermissions, type PermissionIndex } from "../domain/permission.ts";
import type { CheckRefusal } from "../domain/refusal.ts";
import { isTagged, parseCredential, type Credential } from "../domain/token.ts";
import type { CheckableToken } from "../store/access-tokens.ts";
import { addressRefusal } from "./allowed-address.ts";
import { chargeLimit, type RateLimit } from "./charge-limit.ts";
import { hashCredential, tagHolds } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import { recordCheck } from "./record-check.ts";
import { knownPermissions } from "./records.ts";

/** "May this token do this?" */
export interface Question {
  readonly token: string;
  /** Exact permissions; the token needs all of them. */
  readonly permissions: readonly string[];
  /** The team whose data is asked for; null: any. */
  readonly team: string | null;
  /** The caller's address as text, null when unknown. */
  readonly ip: string | null;
  /** Permits of the token's rate limit that the call uses, from 1. */
  readonly cost: number;
  /** Who asks: a service's id, or null for this API itself. */
  readonly service: string | null;
  /** The resource (RFC 8707) for which the token must be meant, if it is bound to one. */
  readonly resource: string | null;
}

export interface Verdict {
  /** Null: allowed. */
  readonly refusal: CheckRefusal | null;
  /** The token that was asked about, null when there is none such. */
  readonly known: CheckableToken | null;
  /** The same, once it is clear that it is this team's and this audience's: all that the asker may see. */
  readonly token: CheckableToken | null;
  /** Whether the question touched a strict permission. */
  readonly strict: boolean;
  readonly rateLimit: RateLimit | null;
  /** Milliseconds; changes committed before this moment are known to be applied. */
  readonly asOf: number;
}

/**
 * The check (contract, section 4): each step may refuse, in the contract's order.
 * @throws {Unavailable} when freshness, the limiter or the audit trail cannot be had in time.
 */
export async function checkToken(deps: Deps, question: Question, moment: Moment): Promise<Verdict> {
  const verdict = await decide(deps, question, moment);
  await recordCheck(deps, question, verdict, moment);
  return verdict;
}

async function decide(deps: Deps, question: Question, moment: Moment): Promise<Verdict> {
  const credential = parseCredential(question.token);
  if (credential === null) return unseen(moment, { kind: "malformed_token" });
  if (isTagged(credential.kind) && credential.region !== deps.region) {
    return unseen(moment, { kind: "wrong_region", region: credential.region });
  }
  const found = await lookUp(deps, credential, question, moment);
  if (found === null) return unseen(moment, { kind: "unknown_token" });

  const { token: known } = found;
  const foreign = foreignRefusal(known, question);
  if (foreign !== null) return { ...found, known, refusal: foreign, token: null, rateLimit: null };
  const refusal =
    livenessRefusal(known, moment.arrivedAt) ??
    addressRefusal(known.allowedIps, question.ip) ??
    permissionRefusal(known, question.permissions);
  if (refusal !== null) return { ...found, known, refusal, rateLimit: null };

  const { exceeded, rateLimit } = await chargeLimit(deps, known, question.cost, moment);
  return { ...found, known, refusal: exceeded, rateLimit };
}

/** Region code, checksum and tag decide first: a forged token never reaches the store. */
async function lookUp(
  deps: Deps,
  credential: Credential,
  { permissions }: Question,
  moment: Moment,
): Promise<{ token: CheckableToken; strict: boolean; asOf: number } | null> {
  if (credential.kind !== "pat" && credential.kind !== "at") return null;
  const hash = hashCredential(credential.text);
  const { tokens } = deps.records;
  // A hash that was found before needs no filter: it is the proof (contract, section 2).
  if (!tokens.has(hash) && !tagHolds(deps, credential)) return null;
  const index = await knownPermissions(deps.records, moment);
  const touchesStrict = (token: CheckableToken): boolean => isStrict(index, token, permissions);
  const found = await tokens.get(hash, moment, touchesStrict);
  return found && { token: found.value, strict: touchesStrict(found.value), asOf: found.asOf };
}

/** What is decided without a look at the store is true at any time. */
function unseen(moment: Moment, refusal: CheckRefusal): Verdict {
  return { refusal, known: null, token: null, strict: false, rateLimit: null, asOf: moment.arrivedAt };
}

/** Named strict, or nothing named while the token holds a strict one (design, "The freshness bound"). */
function isStrict(index: PermissionIndex, token: CheckableToken, named: readonly string[]): boolean {
  return (named.length > 0 ? named : token.permissions).some((permission) => index.strict.has(permission));
}

function foreignRefusal(token: CheckableToken, { resource, team }: Question): CheckRefusal | null {
  if (token.audience !== null && token.audience !== resource) return { kind: "wrong_audience" };
  if (team !== null && token.teamId !== team) return { kind: "wrong_team" };
  return null;
}

function livenessRefusal(token: CheckableToken, now: number): CheckRefusal | null {
  if (token.revokedAt !== null) return { kind: "revoked_token" };
  if (token.expiresAt !== null && token.expiresAt <= now) return { kind: "expired_token" };
  if (token.teamStatus === "suspended") return { kind: "team_suspended" };
  return null;
}

function permissionRefusal(token: CheckableToken, wanted: readonly string[]): CheckRefusal | null {
  const missing = missingPermissions(token.permissions, wanted);
  return missing.length > 0 ? { kind: "missing_permission", missing } : null;
}
