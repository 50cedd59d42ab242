import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { commit } from "../store/database.ts";
import { findUserByEmail } from "../store/users.ts";
import type { Deps } from "./deps.ts";
import { newSession, type Browser, type OpenedSession } from "./open-session.ts";
import { passwordHolds, pretendToCheck } from "./password.ts";
import { chargeAttempt } from "./sign-in-attempts.ts";

export interface SignIn extends Browser {
  readonly email: string;
  readonly password: string;
}

/** Opens a session for whoever knows the password; every other reason to refuse looks alike. */
export async function signIn(deps: Deps, attempt: SignIn): Promise<Result<OpenedSession, Refusal>> {
  const email = attempt.email.trim().toLowerCase();
  const wait = await chargeAttempt(deps, email, attempt.ip);
  if (wait !== null) return err({ kind: "rate_limited", retryAfterSeconds: wait });
  const user = await findUserByEmail(deps.db, email);
  const holds =
    user?.passwordHash == null
      ? await pretendToCheck(attempt.password)
      : await passwordHolds(attempt.password, user.passwordHash);
  if (!holds || user === undefined) return err({ kind: "unknown_credential" });
  const proof = { userId: user.id, method: "password", twoFactor: false, sso: null } as const;
  const { opened, statements } = newSession(deps, proof, attempt);
  await commit(deps.db, statements);
  return ok(opened);
}
