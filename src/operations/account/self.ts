import type { AccountRefusal } from "../../domain/account-refusal.ts";
import { PASSWORD_LENGTH } from "../../domain/account-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import type { AuditRow } from "../../store/changes.ts";
import { findUser, type UserRow } from "../../store/users.ts";
import { auditRow } from "../change.ts";
import type { Deps } from "../deps.ts";
import { sessionCaller, type Browser } from "../open-session.ts";
import { passwordHolds } from "../password.ts";
import type { Person } from "../show-person.ts";
import { chargeAttempt } from "../sign-in-attempts.ts";

/** A signed-in person who changes something about their own account, and from where. */
export interface Self
  extends Pick<Person, "userId" | "sessionId" | "email" | "method" | "ssoTeamId">, Browser {}

/** The audit row of such a change; it is the person's own and of no team. */
export function selfAudit(
  deps: Deps,
  self: Pick<Self, "userId" | "sessionId" | "ip">,
  event: { readonly type: string; readonly subject?: string; readonly detail?: Record<string, unknown> },
): AuditRow {
  return auditRow(
    deps,
    { caller: sessionCaller(self), ip: self.ip },
    { subject: self.userId, ...event, teamId: null },
  );
}

/**
 * Whether it is the person who asks, and not somebody at a browser that they left: by their password, which
 * counts as an attempt to sign in.
 */
export async function provePassword(
  deps: Deps,
  self: Self,
  password: string,
): Promise<Result<UserRow, AccountRefusal>> {
  if (self.ssoTeamId !== null) return err({ kind: "came_by_sso" });
  const wait = await chargeAttempt(deps, self.email, self.ip);
  if (wait !== null) return err({ kind: "rate_limited", retryAfterSeconds: wait });
  const user = await findUser(deps.db, self.userId);
  if (user?.passwordHash == null) return err({ kind: "no_password" });
  return (await passwordHolds(password, user.passwordHash)) ? ok(user) : err({ kind: "wrong_password" });
}

export function isGoodPassword({ length }: string): boolean {
  return length >= PASSWORD_LENGTH.min && length <= PASSWORD_LENGTH.max;
}
