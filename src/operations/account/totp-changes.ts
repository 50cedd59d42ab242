import type { AccountRefusal } from "../../domain/account-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { recordChange } from "../../store/changes.ts";
import { commitIfHolds, type Statement } from "../../store/database.ts";
import { deleteTotp, findTotp, listRecoveryCodes, replaceRecoveryCodes } from "../../store/second-factors.ts";
import { forgetSecondFactor } from "../../store/sessions.ts";
import type { Deps } from "../deps.ts";
import { journalEnded } from "../journal-watch.ts";
import { chargeCode } from "../sign-in-attempts.ts";
import { isAppCode, makeRecoveryCodes, proveSecondFactor } from "./second-factor.ts";
import { selfAudit, type Self } from "./self.ts";

/** Asks for the authenticator app no more, for whoever shows that they have it, or a recovery code. */
export async function turnOffTotp(
  deps: Deps,
  self: Self,
  code: string,
): Promise<Result<null, AccountRefusal>> {
  const { userId } = self;
  const changes = [...deleteTotp(deps.db, userId), forgetSecondFactor(deps.db, userId)];
  return changeByCode(deps, self, { code, type: "user.totp_disabled", changes });
}

/** New recovery codes in the place of all that are left. */
export async function renewRecoveryCodes(
  deps: Deps,
  self: Self,
  code: string,
): Promise<Result<readonly string[], AccountRefusal>> {
  const { codes, rows } = makeRecoveryCodes(deps, self.userId);
  const changes = replaceRecoveryCodes(deps.db, self.userId, rows);
  const renewed = await changeByCode(deps, self, { code, type: "user.recovery_codes_renewed", changes });
  return renewed.ok ? ok(codes) : renewed;
}

/** A change that a code pays for: both take place, or neither. The recovery codes that were left end by it. */
async function changeByCode(
  deps: Deps,
  self: Self,
  { code, type, changes }: { code: string; type: string; changes: readonly Statement[] },
): Promise<Result<null, AccountRefusal>> {
  const { db } = deps;
  const { userId, sessionId, ip } = self;
  if (self.ssoTeamId !== null) return err({ kind: "came_by_sso" });
  if ((await findTotp(db, userId))?.confirmedAt == null) return err({ kind: "totp_off" });
  const wait = await chargeCode(deps, userId, { ip, isAppCode: isAppCode(code) });
  if (wait !== null) return err({ kind: "rate_limited", retryAfterSeconds: wait });
  const left = await listRecoveryCodes(db, userId);
  const factor = await proveSecondFactor(deps, userId, code, { actor: sessionId, ip });
  if (factor === null) return err({ kind: "wrong_code" });
  const audit = selfAudit(deps, self, { type, detail: { by: factor.by } });
  const isChanged = await commitIfHolds(db, [
    ...factor.statements,
    ...changes,
    ...recordChange(db, { subjects: [], audit }),
  ]);
  // Somebody else has used the code.
  if (!isChanged) return err({ kind: "wrong_code" });
  await journalEnded(
    deps,
    ...left.map(({ hash }) => ({ kind: "recovery_code", id: hash, at: audit.at }) as const),
  );
  return ok(null);
}
