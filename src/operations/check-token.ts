import { missingPermissions, type PermissionIndex } from "../domain/permission.ts";
import type { CheckRefusal } from "../domain/refusal.ts";
import type { RegionCode } from "../domain/region.ts";
import { isTagged, parseCredential, type Credential } from "../domain/token.ts";
import { madeInOf, type CheckableToken } from "../store/access-tokens.ts";
import { addressRefusal } from "./allowed-address.ts";
import { chargeLimit, isLimited } from "./charge-limit.ts";
import { consultHash, consultImported, type Consulted } from "./consult-imported.ts";
import { hashCredential, tagHolds } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import type { Fresh } from "./fresh-cache.ts";
import { proofProblem } from "./check-proof.ts";
import type { Moment } from "./moment.ts";
import { recordCheck } from "./record-check.ts";
import { knownPermissions, permissionsAtHand } from "./records.ts";
import { isHere } from "./tenant.ts";
import type { Question, Verdict } from "./verdict.ts";

/**
 * The check (contract, section 4): each step may refuse, in the contract's order. A hot token waits for nothing:
 * what is at hand is judged at once.
 * @throws {Unavailable} when freshness, the limiter or the audit trail cannot be had in time.
 */
export async function checkToken(deps: Deps, question: Question, moment: Moment): Promise<Verdict> {
  const decided = decide(deps, question, moment);
  const verdict = decided instanceof Promise ? await decided : decided;
  const recorded = recordCheck(deps, question, verdict, moment);
  if (recorded !== null) await recorded;
  return verdict;
}

/** Region code, checksum and tag decide first: a forged token never reaches the store. */
function decide(deps: Deps, question: Question, moment: Moment): Verdict | Promise<Verdict> {
  const credential = parseCredential(question.token);
  if (credential === null) return decideForeign(deps, question, moment);
  if (isTagged(credential.kind) && credential.region !== deps.region) {
    return decideComer(deps, credential, question, moment);
  }
  if (credential.kind !== "pat" && credential.kind !== "at") return unseen(moment, UNKNOWN);
  const hash = hashCredential(credential.text);
  // A hash that was found before needs no filter: it is the proof (contract, section 2).
  if (!deps.records.tokens.has(hash) && !tagHolds(deps, credential)) return unseen(moment, UNKNOWN);
  return decideByHash(deps, { hash, madeIn: deps.region }, question, moment);
}

const UNKNOWN: CheckRefusal = { kind: "unknown_token" };
const MALFORMED: CheckRefusal = { kind: "malformed_token" };

/** What is no credential of ours is malformed, unless its hash was imported. */
function decideForeign(deps: Deps, question: Question, moment: Moment): Verdict | Promise<Verdict> {
  const consulted = consultImported(deps, question.token, moment);
  const decideSo = decideConsulted(deps, null, question, moment);
  return consulted instanceof Promise ? consulted.then(decideSo) : decideSo(consulted);
}

/** Another region's credential is that region's to judge, unless it came here with its team. */
function decideComer(
  deps: Deps,
  { kind, region, text }: Credential,
  question: Question,
  moment: Moment,
): Verdict | Promise<Verdict> {
  if (kind !== "pat" && kind !== "at") return unseen(moment, { kind: "wrong_region", region });
  const consulted = consultHash(deps, hashCredential(text), moment);
  const decideSo = decideConsulted(deps, region, question, moment);
  return consulted instanceof Promise ? consulted.then(decideSo) : decideSo(consulted);
}

function decideConsulted(deps: Deps, madeIn: RegionCode | null, question: Question, moment: Moment) {
  return ({ hash, asOf }: Consulted): Verdict | Promise<Verdict> =>
    hash === null
      ? { ...unseen(moment, strangerRefusal(deps, madeIn)), asOf }
      : decideByHash(deps, { hash, madeIn }, question, moment);
}

/** What is looked up, and the region that stands in its text; null: it is no credential of ours. */
interface LookedUp {
  readonly hash: string;
  readonly madeIn: RegionCode | null;
}

function strangerRefusal({ region }: Deps, madeIn: RegionCode | null): CheckRefusal {
  if (madeIn === null) return MALFORMED;
  return madeIn === region ? UNKNOWN : { kind: "wrong_region", region: madeIn };
}

function decideByHash(
  deps: Deps,
  looked: LookedUp,
  question: Question,
  moment: Moment,
): Verdict | Promise<Verdict> {
  const index = permissionsAtHand(deps.records, moment);
  const found = index && deps.records.tokens.hit(looked.hash, moment, readsStore(index, question));
  if (index === null || found === null) return decideByStore(deps, looked, question, moment);
  return decideFound(deps, found, looked, index, question, moment);
}

async function decideByStore(
  deps: Deps,
  looked: LookedUp,
  question: Question,
  moment: Moment,
): Promise<Verdict> {
  const index = await knownPermissions(deps.records, moment);
  const found = await deps.records.tokens.get(looked.hash, moment, readsStore(index, question));
  if (found === null) return unseen(moment, strangerRefusal(deps, looked.madeIn));
  return decideFound(deps, found, looked, index, question, moment);
}

/**
 * Whoever imports a hash does not show what it is of. Of a text with our shape it counts for nothing: such a
 * credential is what Jeton stored of its own, or could be brought back after its end.
 */
function decideFound(
  deps: Deps,
  found: Fresh<CheckableToken>,
  { madeIn }: LookedUp,
  index: PermissionIndex,
  question: Question,
  moment: Moment,
): Verdict | Promise<Verdict> {
  if (madeInOf(found.value, deps.region) !== madeIn) {
    return { ...unseen(moment, strangerRefusal(deps, madeIn)), asOf: found.asOf };
  }
  const { teamLivesIn: region } = found.value;
  if (region !== null) {
    return { ...unseen(moment, { kind: "wrong_region", region, moved: true }), asOf: found.asOf };
  }
  return decideOn(deps, found, index, question, moment);
}

function decideOn(
  deps: Deps,
  found: Fresh<CheckableToken>,
  index: PermissionIndex,
  question: Question,
  moment: Moment,
): Verdict | Promise<Verdict> {
  // Nearly every token is bound to no key and sent without a proof: it has nothing to wait for.
  if (found.value.proofKey !== null || question.proof !== null) {
    return decideProven(deps, found, index, question, moment);
  }
  return charge(deps, judge(deps, found, index, question, moment), question, moment);
}

/** A token that is bound to a key is nobody's who cannot prove to have that key (RFC 9449, section 7). */
async function decideProven(
  deps: Deps,
  found: Fresh<CheckableToken>,
  index: PermissionIndex,
  question: Question,
  moment: Moment,
): Promise<Verdict> {
  const { value: known, asOf } = found;
  const problem = await proofProblem(deps, known.proofKey, question);
  if (problem === null) return charge(deps, judge(deps, found, index, question, moment), question, moment);
  const strict = isStrict(index, known, question.permissions);
  return { refusal: { kind: "invalid_proof", problem }, known, token: null, strict, rateLimit: null, asOf };
}

function readsStore(index: PermissionIndex, { permissions }: Question): (token: CheckableToken) => boolean {
  return (token) => isStrict(index, token, permissions);
}

/** The verdict on a known token but for its limits. */
function judge(
  deps: Deps,
  { value: known, asOf }: Fresh<CheckableToken>,
  index: PermissionIndex,
  question: Question,
  { arrivedAt }: Moment,
): Verdict {
  const strict = isStrict(index, known, question.permissions);
  const foreign = foreignRefusal(deps, known, question);
  if (foreign !== null) return { refusal: foreign, known, token: null, strict, rateLimit: null, asOf };
  const refusal =
    livenessRefusal(known, arrivedAt) ??
    addressRefusal(known.allowedIps, question.ip) ??
    permissionRefusal(known, question.permissions);
  return { refusal, known, token: known, strict, rateLimit: null, asOf };
}

/** Limits are charged only when all else allows. */
function charge(
  deps: Deps,
  verdict: Verdict,
  { cost }: Question,
  moment: Moment,
): Verdict | Promise<Verdict> {
  const { refusal, token } = verdict;
  if (refusal !== null || token === null || !isLimited(token)) return verdict;
  return chargeLimit(deps, token, cost, moment).then(({ exceeded, rateLimit }) => ({
    ...verdict,
    refusal: exceeded,
    rateLimit,
  }));
}

/** What is decided without a look at the store is true at any time. */
function unseen(moment: Moment, refusal: CheckRefusal): Verdict {
  return { refusal, known: null, token: null, strict: false, rateLimit: null, asOf: moment.arrivedAt };
}

/** Named strict, or nothing named while the token holds a strict one (design, "The freshness bound"). */
function isStrict(index: PermissionIndex, token: CheckableToken, named: readonly string[]): boolean {
  return (named.length > 0 ? named : token.permissions).some((permission) => index.strict.has(permission));
}

function foreignRefusal(
  deps: Deps,
  token: CheckableToken,
  { resource, team }: Question,
): CheckRefusal | null {
  if (token.audience !== null && !token.audience.split(" ").includes(resource ?? "")) {
    return { kind: "wrong_audience" };
  }
  // On a tenant's domain the host says whose data is asked for, as the question may besides.
  if ((team !== null && token.teamId !== team) || !isHere(deps, token.teamId)) return { kind: "wrong_team" };
  return null;
}

function livenessRefusal(token: CheckableToken, now: number): CheckRefusal | null {
  if (token.revokedAt !== null) return { kind: "revoked_token" };
  if (token.expiresAt !== null && token.expiresAt <= now) return { kind: "expired_token" };
  if (token.teamStatus === "suspended") return { kind: "team_suspended" };
  return null;
}

function permissionRefusal(token: CheckableToken, wanted: readonly string[]): CheckRefusal | null {
  if (wanted.every((permission) => token.permissions.includes(permission))) return null;
  return { kind: "missing_permission", missing: missingPermissions(token.permissions, wanted) };
}
