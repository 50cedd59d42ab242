import { missingPermissions, type PermissionIndex } from "../domain/permission.ts";
import type { CheckRefusal } from "../domain/refusal.ts";
import { isTagged, parseCredential, type Credential } from "../domain/token.ts";
import type { CheckableToken } from "../store/access-tokens.ts";
import { addressRefusal } from "./allowed-address.ts";
import { chargeLimit } from "./charge-limit.ts";
import { hashCredential, tagHolds } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import { recordCheck } from "./record-check.ts";
import { knownPermissions } from "./records.ts";
import type { Question, Verdict } from "./verdict.ts";

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
