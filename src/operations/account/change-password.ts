import type { AccountRefusal } from "../../domain/account-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { recordChange } from "../../store/changes.ts";
import { commitIfHolds } from "../../store/database.ts";
import { deleteResetLink } from "../../store/reset-links.ts";
import { deleteStepsOf } from "../../store/sign-in-steps.ts";
import { findUser, refuseUnlessPassword, setPassword } from "../../store/users.ts";
import type { Deps } from "../deps.ts";
import { journalEnded } from "../journal-watch.ts";
import { hashPassword } from "../password.ts";
import { endingSessions } from "./end-sessions.ts";
import { isGoodPassword, provePassword, selfAudit, type Self } from "./self.ts";

/** Sets a new password for whoever knows the old one, and signs them out everywhere else. */
export async function changePassword(
  deps: Deps,
  self: Self,
  { old, wanted }: { old: string; wanted: string },
): Promise<Result<null, AccountRefusal>> {
  if (!isGoodPassword(wanted)) return err({ kind: "bad_password" });
  const proven = await provePassword(deps, self, old);
  if (!proven.ok) return proven;
  const { db } = deps;
  const user = proven.value;
  const passwordHash = await hashPassword(wanted, deps.randomBytes);
  const by = { actor: self.sessionId, owner: user.id, ip: self.ip };
  for (;;) {
    const ending = await endingSessions(deps, { userId: user.id, keep: self.sessionId }, by);
    const audit = selfAudit(deps, self, { type: "user.password_changed" });
    const changed = await commitIfHolds(db, [
      refuseUnlessPassword(db, user),
      setPassword(db, { id: user.id, passwordHash, at: audit.at }),
      // Begun by the old one.
      deleteStepsOf(db, user.id),
      deleteResetLink(db, user.id),
      ...ending.statements,
      ...recordChange(db, { subjects: [], audit }),
    ]);
    if (changed) {
      await journalEnded(deps, { kind: "password", id: user.id, at: audit.at }, ...ending.ends);
      return ok(null);
    }
    // Either the password has been changed meanwhile, or there is one session more.
    if ((await findUser(db, user.id))?.passwordHash !== user.passwordHash) {
      return err({ kind: "wrong_password" });
    }
  }
}
