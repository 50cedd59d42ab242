import type { Refusal } from "../domain/refusal.ts";
import { readTeamSession } from "../store/sessions.ts";
import { actorOf, ownerOf } from "./caller.ts";
import type { Actor } from "./change.ts";
import { cookieHash } from "./cookie-hash.ts";
import { makeId } from "./credentials.ts";
import type { Deps } from "./deps.ts";

/** Refusals for what the caller holds, or is not: each leaves an audit event, as a denied check does. */
const DENIALS: ReadonlySet<Refusal["kind"]> = new Set([
  "exceeds_maker",
  "beyond_caller",
  "beyond_client",
  "exceeds_bounds",
  "owner_only",
  "operator_only",
]);

type Recording = Pick<Deps, "db" | "auditQueue" | "clock" | "randomBytes" | "tenant">;

interface Denial {
  readonly teamId: string | null;
  readonly actor: string;
  readonly actorOwner: string;
  /** What it was about: a thing that is there, or the API as a whole. */
  readonly subject: string;
  readonly ip: string | null;
  /** The permission that the call needs; null for what is the operator's alone. */
  readonly permission: string | null;
  readonly refusal: Refusal;
}

/**
 * Writes down, before the answer, that a caller who was let in was refused for what they hold. Any other
 * refusal leaves nothing: it says something about the request, and not about who may do what.
 * @param about the team in whose trail it belongs, and what in it the call was about
 * @throws {Unavailable} when it could not be written: then the refusal must not be answered
 */
export async function recordDenial(
  deps: Recording,
  { caller, ip }: Actor,
  about: { readonly teamId: string; readonly subject: string; readonly permission: string | null },
  refusal: Refusal,
): Promise<void> {
  if (!DENIALS.has(refusal.kind)) return;
  await append(deps, { ...about, actor: actorOf(caller), actorOwner: ownerOf(caller), ip, refusal });
}

/**
 * The same for a session that was not let in. It belongs in the team's trail when its person is a member
 * there, and otherwise in no team's: nobody writes into the trail of a team that is not theirs. A cookie
 * that is no session's leaves nothing, as a token that does not exist.
 */
export async function recordDeniedSession(
  deps: Recording,
  { cookie, ip }: { readonly cookie: string; readonly ip: string | null },
  { team, permission }: { readonly team: string; readonly permission: string },
  refusal: Refusal,
): Promise<void> {
  const session = await readTeamSession(deps.db, { hash: cookieHash(deps, cookie), teamId: team });
  if (session === undefined) return;
  const { id: actor, userId: actorOwner, place } = session;
  const teamId = place === null ? null : team;
  await append(deps, { teamId, actor, actorOwner, subject: "api", ip, permission, refusal });
}

async function append(
  deps: Recording,
  { teamId, actor, actorOwner, subject, ip, permission, refusal }: Denial,
): Promise<void> {
  const permissions = permission === null ? [] : [permission];
  const missing = "missing" in refusal ? { missing: refusal.missing } : {};
  await deps.auditQueue.append({
    id: makeId(deps, "aud"),
    teamId,
    at: deps.clock(),
    type: "access.denied",
    actor,
    actorOwner,
    subject,
    ip,
    detail: { permissions, reason: refusal.kind, ...missing },
  });
}
