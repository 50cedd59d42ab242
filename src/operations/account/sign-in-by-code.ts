import type { AccountRefusal } from "../../domain/account-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { commitIfHolds } from "../../store/database.ts";
import { countTry, findStep, finishStep } from "../../store/sign-in-steps.ts";
import { cookieHash } from "../cookie-hash.ts";
import type { Deps } from "../deps.ts";
import { journalEnded } from "../journal-watch.ts";
import type { Moment } from "../moment.ts";
import { newSession, type Browser, type OpenedSession } from "../open-session.ts";
import { heldAgainstJournal } from "../records.ts";
import { chargeCode } from "../sign-in-attempts.ts";
import { isAppCode, proveSecondFactor } from "./second-factor.ts";

/** Then the password is asked for again. */
const MAX_TRIES = 5;

/** Whether a browser has shown a password, and a code is missing. */
export async function isCodeMissing(deps: Deps, secret: string, moment: Moment): Promise<boolean> {
  const key = { hash: cookieHash(deps, secret), kind: "code", now: moment.arrivedAt } as const;
  return (await findStep(deps.db, key)) !== undefined;
}

/** Opens a session for whoever has shown the password before, and shows now that they have the second factor. */
export async function signInByCode(
  deps: Deps,
  { secret, code, ...browser }: Browser & { secret: string | null; code: string },
  moment: Moment,
): Promise<Result<OpenedSession, AccountRefusal>> {
  const { db } = deps;
  await heldAgainstJournal(deps.records, moment);
  if (secret === null) return err({ kind: "stale_step" });
  const key = { hash: cookieHash(deps, secret), kind: "code", now: deps.clock() } as const;
  const step = await countTry(db, key, MAX_TRIES);
  if (step?.userId == null) return err({ kind: "stale_step" });
  const { userId } = step;
  const wait = await chargeCode(deps, userId, { ip: browser.ip, isAppCode: isAppCode(code) });
  if (wait !== null) return err({ kind: "rate_limited", retryAfterSeconds: wait });
  const factor = await proveSecondFactor(deps, userId, code, { actor: userId, ip: browser.ip });
  if (factor === null) return err({ kind: "wrong_code" });
  const proof = { userId, method: "password", twoFactor: true, sso: null } as const;
  const { opened, statements } = newSession(deps, proof, browser);
  const isOpened = await commitIfHolds(db, [
    ...finishStep(db, step.hash),
    ...factor.statements,
    ...statements,
  ]);
  // The code has been used, or the password changed, at this very moment.
  if (!isOpened) return err({ kind: "wrong_code" });
  await journalEnded(deps, ...factor.ends);
  return ok(opened);
}
