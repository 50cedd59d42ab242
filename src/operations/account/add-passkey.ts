import type { AccountRefusal } from "../../domain/account-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { recordChange } from "../../store/changes.ts";
import { commit, commitIfHolds, UniqueViolation } from "../../store/database.ts";
import { insertPasskey, listPasskeys } from "../../store/passkeys.ts";
import { takeStep } from "../../store/sign-in-steps.ts";
import { cookieHash } from "../cookie-hash.ts";
import { makeId } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import { relyingPartyOf } from "./relying-party.ts";
import { provePassword, selfAudit, type Self } from "./self.ts";
import { challengeOf, newStep } from "./sign-in-step.ts";
import { PASSKEY_ALGORITHMS, userHandleOf, verifyNewPasskey } from "./verify-passkey.ts";

const MOST_PASSKEYS = 20;

const MAX_NAME = 60;

export interface BegunPasskey {
  /** What the browser keeps in a cookie. */
  readonly secret: string;
  /** `PublicKeyCredentialCreationOptionsJSON` (WebAuthn). */
  readonly options: object;
}

/** Asks an authenticator for a key, of whoever knows the account's password. */
export async function beginPasskey(
  deps: Deps,
  self: Self,
  { name, password }: { name: string; password: string },
): Promise<Result<BegunPasskey, AccountRefusal>> {
  const { userId, email } = self;
  if (!isGoodName(name)) return err({ kind: "bad_name" });
  const proven = await provePassword(deps, self, password);
  if (!proven.ok) return proven;
  const known = await listPasskeys(deps.db, userId);
  if (known.length >= MOST_PASSKEYS) return err({ kind: "too_many_passkeys" });
  const { secret, statements } = newStep(deps, { kind: "new_passkey", userId });
  await commit(deps.db, statements);
  const { id } = relyingPartyOf(deps);
  const options = {
    rp: { id, name: deps.tenant?.name ?? "Jeton" },
    user: { id: userHandleOf(userId), name: email, displayName: email },
    challenge: challengeOf(secret),
    pubKeyCredParams: PASSKEY_ALGORITHMS.map((alg) => ({ type: "public-key", alg })),
    excludeCredentials: known.map(({ credentialId }) => ({ type: "public-key", id: credentialId })),
    // To sign in by it, nobody types an address; and it stands for two factors.
    authenticatorSelection: {
      residentKey: "required",
      requireResidentKey: true,
      userVerification: "required",
    },
    attestation: "none",
    timeout: 240_000,
  };
  return ok({ secret, options });
}

/** Keeps the key that an authenticator has made, in answer to what this browser and person were asked. */
export async function finishPasskey(
  deps: Deps,
  self: Self,
  { secret, name, response }: { secret: string | null; name: string; response: unknown },
): Promise<Result<null, AccountRefusal>> {
  const { db } = deps;
  const { userId } = self;
  if (self.ssoTeamId !== null) return err({ kind: "came_by_sso" });
  if (!isGoodName(name)) return err({ kind: "bad_name" });
  if (secret === null) return err({ kind: "stale_step" });
  const key = { hash: cookieHash(deps, secret), kind: "new_passkey", now: deps.clock() } as const;
  const step = await takeStep(db, key);
  if (step === undefined || step.userId !== userId) return err({ kind: "stale_step" });
  const expected = { challenge: challengeOf(secret), party: relyingPartyOf(deps) };
  const made = await verifyNewPasskey(response, expected);
  if (made === null) return err({ kind: "passkey_refused" });
  const id = makeId(deps, "psk");
  const audit = selfAudit(deps, self, { type: "user.passkey_added", subject: id, detail: { name } });
  const row = { ...made, id, userId, name, createdAt: audit.at, lastUsedAt: null };
  try {
    const isAdded = await commitIfHolds(db, [
      ...insertPasskey(db, row, MOST_PASSKEYS),
      ...recordChange(db, { subjects: [], audit }),
    ]);
    return isAdded ? ok(null) : err({ kind: "too_many_passkeys" });
  } catch (error) {
    if (error instanceof UniqueViolation) return err({ kind: "passkey_known" });
    throw error;
  }
}

function isGoodName(name: string): boolean {
  return (
    name.trim() !== "" && name.isWellFormed() && !/\p{Cc}/u.test(name) && Array.from(name).length <= MAX_NAME
  );
}
