import type { AccountRefusal } from "../../domain/account-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { recordChange } from "../../store/changes.ts";
import { commitIfHolds } from "../../store/database.ts";
import { findMembership } from "../../store/members.ts";
import { findResetLink, useResetLink } from "../../store/reset-links.ts";
import { deleteStepsOf } from "../../store/sign-in-steps.ts";
import { setPassword } from "../../store/users.ts";
import { auditRowOf } from "../change.ts";
import { hashCredential } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import { journalEnded } from "../journal-watch.ts";
import type { Moment } from "../moment.ts";
import { hashPassword } from "../password.ts";
import { heldAgainstJournal } from "../records.ts";
import { chargeAttempt } from "../sign-in-attempts.ts";
import { endingSessions } from "./end-sessions.ts";
import { isGoodPassword } from "./self.ts";

/** Whose password a link sets; to look at it uses nothing up, since programs open links that pass by. */
export async function showResetLink(
  deps: Deps,
  secret: string,
  moment: Moment,
): Promise<{ readonly email: string } | null> {
  await heldAgainstJournal(deps.records, moment);
  const link = await findResetLink(deps.db, { hash: hashCredential(secret), now: moment.arrivedAt });
  return link === undefined || (await isStranger(deps, link.userId)) ? null : { email: link.email };
}

/**
 * Sets a new password by a link, once, and signs the person out everywhere. It stands for the forgotten
 * password alone: an authenticator app is asked for as before, and nobody is signed in.
 */
export async function resetPassword(
  deps: Deps,
  { secret, wanted, ip }: { secret: string; wanted: string; ip: string | null },
  moment: Moment,
): Promise<Result<null, AccountRefusal>> {
  const { db } = deps;
  const wait = await chargeAttempt(deps, null, ip);
  if (wait !== null) return err({ kind: "rate_limited", retryAfterSeconds: wait });
  await heldAgainstJournal(deps.records, moment);
  const hash = hashCredential(secret);
  const found = await findResetLink(db, { hash, now: moment.arrivedAt });
  if (found === undefined || (await isStranger(deps, found.userId))) return err({ kind: "stale_link" });
  if (!isGoodPassword(wanted)) return err({ kind: "bad_password" });
  const passwordHash = await hashPassword(wanted, deps.randomBytes);
  for (;;) {
    const link = await findResetLink(db, { hash, now: moment.arrivedAt });
    if (link === undefined) return err({ kind: "stale_link" });
    const { userId } = link;
    const by = { actor: userId, owner: userId, ip };
    const ending = await endingSessions(deps, { userId, keep: null }, by);
    const audit = auditRowOf(deps, by, { type: "user.password_reset", teamId: null, subject: userId });
    const isReset = await commitIfHolds(db, [
      ...useResetLink(db, hash),
      setPassword(db, { id: userId, passwordHash, at: audit.at }),
      deleteStepsOf(db, userId),
      ...ending.statements,
      ...recordChange(db, { subjects: [], audit }),
    ]);
    if (!isReset) continue;
    await journalEnded(deps, { kind: "password", id: userId, at: audit.at }, ...ending.ends);
    return ok(null);
  }
}

/** On a tenant's domain, whoever is no member of that team has no account. */
async function isStranger({ db, tenant }: Deps, userId: string): Promise<boolean> {
  return tenant !== null && (await findMembership(db, { teamId: tenant.teamId, userId })) === undefined;
}
