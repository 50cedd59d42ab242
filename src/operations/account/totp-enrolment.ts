import type { AccountRefusal } from "../../domain/account-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { recordChange } from "../../store/changes.ts";
import { commitIfHolds } from "../../store/database.ts";
import {
  confirmTotp as confirmTotpRow,
  findTotp,
  replaceRecoveryCodes,
  replaceUnconfirmed,
} from "../../store/second-factors.ts";
import { refuseUnlessLive } from "../../store/sessions.ts";
import { deleteStepsOf } from "../../store/sign-in-steps.ts";
import type { Deps } from "../deps.ts";
import { journalEnded } from "../journal-watch.ts";
import { newSession, type OpenedSession } from "../open-session.ts";
import { chargeCode } from "../sign-in-attempts.ts";
import { endingSessions } from "./end-sessions.ts";
import { makeRecoveryCodes, matchingStep, totpPurpose } from "./second-factor.ts";
import { provePassword, selfAudit, type Self } from "./self.ts";
import { base32, TOTP_SECRET_BYTES, totpUri } from "./totp.ts";

export interface BegunTotp {
  /** In base32, for apps into which it is typed. */
  readonly secret: string;
  readonly uri: string;
}

/** Makes a secret for an authenticator app; nothing is asked of the person until a code of it was right. */
export async function beginTotp(
  deps: Deps,
  self: Self,
  password: string,
): Promise<Result<BegunTotp, AccountRefusal>> {
  const proven = await provePassword(deps, self, password);
  if (!proven.ok) return proven;
  const { userId, email } = self;
  const secret = deps.randomBytes(TOTP_SECRET_BYTES);
  const row = {
    userId,
    secret: deps.vault.seal(base32(secret), totpPurpose(userId)),
    createdAt: deps.clock(),
    confirmedAt: null,
    lastStep: 0,
  };
  if (!(await commitIfHolds(deps.db, replaceUnconfirmed(deps.db, row)))) return err({ kind: "totp_on" });
  // One person can have an account in several regions, and one app for all of them.
  const issuer = `Jeton ${deps.region}`;
  return ok({ secret: base32(secret), uri: totpUri(secret, { issuer, email }) });
}

export interface ConfirmedTotp {
  /** Shown once. */
  readonly recoveryCodes: readonly string[];
  /** In the place of the session that the person acted by: it has shown two factors. */
  readonly opened: OpenedSession;
}

/**
 * Asks for the app from now on, once it has shown that it has the secret. All other sessions end: they were
 * opened with less.
 */
export async function confirmTotp(
  deps: Deps,
  self: Self,
  code: string,
): Promise<Result<ConfirmedTotp, AccountRefusal>> {
  const { db } = deps;
  const { userId, sessionId, method } = self;
  if (self.ssoTeamId !== null) return err({ kind: "came_by_sso" });
  const wait = await chargeCode(deps, userId, { ip: self.ip, isAppCode: true });
  if (wait !== null) return err({ kind: "rate_limited", retryAfterSeconds: wait });
  for (;;) {
    const totp = await findTotp(db, userId);
    if (totp === undefined) return err({ kind: "stale_step" });
    if (totp.confirmedAt !== null) return err({ kind: "totp_on" });
    const step = matchingStep(deps, totp, code);
    if (step === null) return err({ kind: "wrong_code" });
    const by = { actor: sessionId, owner: userId, ip: self.ip };
    const ending = await endingSessions(deps, { userId, keep: null }, by);
    if (!ending.ends.some(({ id }) => id === sessionId)) return err({ kind: "stale_step" });
    const { opened, statements } = newSession(deps, { userId, method, twoFactor: true, sso: null }, self);
    const { codes, rows } = makeRecoveryCodes(deps, userId);
    const audit = selfAudit(deps, self, { type: "user.totp_enabled" });
    const isConfirmed = await commitIfHolds(db, [
      refuseUnlessLive(db, { id: sessionId, now: audit.at }),
      ...confirmTotpRow(db, totp, { step, at: audit.at }),
      ...replaceRecoveryCodes(db, userId, rows),
      deleteStepsOf(db, userId),
      ...ending.statements,
      ...recordChange(db, { subjects: [], audit }),
      ...statements,
    ]);
    // If not: it was confirmed or replaced meanwhile, or there is one session more. Look again.
    if (!isConfirmed) continue;
    await journalEnded(deps, ...ending.ends);
    return ok({ recoveryCodes: codes, opened });
  }
}
