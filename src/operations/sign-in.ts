import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { commitIfHolds } from "../store/database.ts";
import { findTotp, refuseIfTotp } from "../store/second-factors.ts";
import { findUserByEmail, refuseUnlessPassword } from "../store/users.ts";
import { newStep } from "./account/sign-in-step.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import { newSession, type Browser, type OpenedSession } from "./open-session.ts";
import { passwordHolds, pretendToCheck } from "./password.ts";
import { heldAgainstJournal } from "./records.ts";
import { chargeAttempt } from "./sign-in-attempts.ts";

export interface SignIn extends Browser {
  readonly email: string;
  readonly password: string;
}

/** A session; or nothing but the right to show a code, for a person whose authenticator app is asked for. */
export type SignedIn =
  | { readonly opened: OpenedSession; readonly step: null }
  /** What the browser keeps until it has shown the code. */
  | { readonly opened: null; readonly step: string };

/** Lets in whoever knows the password; every other reason to refuse looks alike. */
export async function signIn(
  deps: Deps,
  attempt: SignIn,
  moment: Moment,
): Promise<Result<SignedIn, Refusal>> {
  const { db } = deps;
  await heldAgainstJournal(deps.records, moment);
  const email = attempt.email.trim().toLowerCase();
  const wait = await chargeAttempt(deps, email, attempt.ip);
  if (wait !== null) return err({ kind: "rate_limited", retryAfterSeconds: wait });
  const user = await findUserByEmail(db, email);
  const holds =
    user?.passwordHash == null
      ? await pretendToCheck(attempt.password)
      : await passwordHolds(attempt.password, user.passwordHash);
  if (!holds || user === undefined) return err({ kind: "unknown_credential" });
  const needsCode = (await findTotp(db, user.id))?.confirmedAt != null;
  // Whatever is opened is undone if it was by a password that has been changed meanwhile.
  const isStillRight = refuseUnlessPassword(db, user);
  if (needsCode) {
    const { secret, statements } = newStep(deps, { kind: "code", userId: user.id });
    const isBegun = await commitIfHolds(db, [isStillRight, ...statements]);
    return isBegun ? ok({ opened: null, step: secret }) : err({ kind: "unknown_credential" });
  }
  const proof = { userId: user.id, method: "password", twoFactor: false, sso: null } as const;
  const { opened, statements } = newSession(deps, proof, attempt);
  const isOpened = await commitIfHolds(db, [isStillRight, refuseIfTotp(db, user.id), ...statements]);
  return isOpened ? ok({ opened, step: null }) : err({ kind: "unknown_credential" });
}
