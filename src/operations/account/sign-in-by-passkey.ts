import type { AccountRefusal } from "../../domain/account-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { commit, commitIfHolds } from "../../store/database.ts";
import { findPasskeyByCredential, notePasskeyUse } from "../../store/passkeys.ts";
import { takeStep } from "../../store/sign-in-steps.ts";
import { cookieHash } from "../cookie-hash.ts";
import type { Deps } from "../deps.ts";
import type { Moment } from "../moment.ts";
import { newSession, type Browser, type OpenedSession } from "../open-session.ts";
import { heldAgainstJournal } from "../records.ts";
import { chargeAttempt } from "../sign-in-attempts.ts";
import { relyingPartyOf } from "./relying-party.ts";
import type { BegunPasskey } from "./add-passkey.ts";
import { challengeOf, newStep } from "./sign-in-step.ts";
import { verifyPasskey } from "./verify-passkey.ts";

/** Asks whichever passkey of this place the browser has; who it is, the passkey says. */
export async function beginPasskeySignIn(
  deps: Deps,
  ip: string | null,
): Promise<Result<BegunPasskey, AccountRefusal>> {
  const wait = await chargeAttempt(deps, null, ip);
  if (wait !== null) return err({ kind: "rate_limited", retryAfterSeconds: wait });
  const { secret, statements } = newStep(deps, { kind: "passkey", userId: null });
  await commit(deps.db, statements);
  const options = {
    rpId: relyingPartyOf(deps).id,
    challenge: challengeOf(secret),
    allowCredentials: [],
    userVerification: "required",
    timeout: 240_000,
  };
  return ok({ secret, options });
}

/**
 * Opens a session for whoever's passkey has signed what this browser was asked, once. It has verified its
 * owner by another factor, so it stands for two.
 */
export async function signInByPasskey(
  deps: Deps,
  { secret, response, ...browser }: Browser & { secret: string | null; response: unknown },
  moment: Moment,
): Promise<Result<OpenedSession, AccountRefusal>> {
  const { db } = deps;
  await heldAgainstJournal(deps.records, moment);
  if (secret === null) return err({ kind: "stale_step" });
  const key = { hash: cookieHash(deps, secret), kind: "passkey", now: deps.clock() } as const;
  if ((await takeStep(db, key)) === undefined) return err({ kind: "stale_step" });
  const credentialId = credentialIdOf(response);
  const passkey = credentialId === null ? undefined : await findPasskeyByCredential(db, credentialId);
  if (passkey === undefined) return err({ kind: "passkey_refused" });
  const expected = { challenge: challengeOf(secret), party: relyingPartyOf(deps) };
  const counter = await verifyPasskey(response, expected, passkey);
  if (counter === null) return err({ kind: "passkey_refused" });
  const proof = { userId: passkey.userId, method: "passkey", twoFactor: true, sso: null } as const;
  const { opened, statements } = newSession(deps, proof, browser);
  const use = notePasskeyUse(db, passkey, { counter, at: opened.session.createdAt });
  // It was removed, or used elsewhere, at this very moment.
  if (!(await commitIfHolds(db, [...use, ...statements]))) return err({ kind: "passkey_refused" });
  return ok(opened);
}

function credentialIdOf(response: unknown): string | null {
  if (typeof response !== "object" || response === null || !("id" in response)) return null;
  return typeof response.id === "string" ? response.id : null;
}
