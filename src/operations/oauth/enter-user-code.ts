import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { readUserCode } from "../../domain/user-code.ts";
import type { ClientRow } from "../../store/client-authentication.ts";
import { claimDeviceCode, type DeviceCodeRow } from "../../store/device-codes.ts";
import { hashCredential, keyedHash } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import { awaitOwn } from "../shared-read.ts";
import { userCodeHashes } from "./user-code-hash.ts";

/**
 * Different codes that may be entered, right ones among them: of parallel guesses nobody knows beforehand which
 * is right. 20 of 20^8 are no danger to the codes that are live at a time (RFC 8628, section 5.1).
 */
const ENTRIES = {
  byPerson: { limit: 20, windowMs: 600_000 },
  fromAddress: { limit: 60, windowMs: 600_000 },
};

export interface EnteredCode {
  readonly code: DeviceCodeRow;
  readonly client: ClientRow;
}

/**
 * Finds the device that shows a user code, and claims it for whoever entered it. A code that never was, one that
 * has expired, that somebody has decided about and that somebody else has claimed are all alike unknown.
 * @param text as it was typed
 * @throws {Unavailable} when the limiter cannot be reached: an unknown count is no reason to allow a guess
 */
export async function enterUserCode(
  deps: Deps,
  text: string,
  { userId, ip }: { readonly userId: string; readonly ip: string | null },
): Promise<Result<EnteredCode, OAuthRefusal>> {
  const code = readUserCode(text);
  // What cannot be a code is no guess.
  if (code === null) return err(UNKNOWN);
  const wait = await chargeEntry(deps, code, { userId, ip });
  if (wait !== null) return err({ kind: "rate_limited", what: "codes", retryAfterSeconds: wait });
  const hashes = userCodeHashes(deps, code);
  const found = await claimDeviceCode(deps.db, { hashes, userId, now: deps.clock() });
  return found === undefined ? err(UNKNOWN) : ok(found);
}

const UNKNOWN: OAuthRefusal = { kind: "credential_unknown", credential: "device code" };

/** @returns seconds to wait, null when the code may be looked for */
async function chargeEntry(
  deps: Deps,
  code: string,
  { userId, ip }: { readonly userId: string; readonly ip: string | null },
): Promise<number | null> {
  // The same code again, as the decision brings it, is no other guess.
  const once = keyedHash(deps, `entered user code ${code}`);
  const charges = await Promise.all(
    (
      [
        [`user-codes:${userId}`, ENTRIES.byPerson],
        // Names of Durable Objects hold no personal data (facts: platform, "Durable Objects").
        [`user-codes-from:${hashCredential(ip ?? "")}`, ENTRIES.fromAddress],
      ] as const
    ).map(async ([subject, window]) =>
      awaitOwn(deps.limiter(subject).take({ ...window, cost: 1, once }), deps.startTimer),
    ),
  );
  const waits = charges.filter(({ allowed }) => !allowed).map(({ retryAfterMs }) => retryAfterMs ?? 0);
  return waits.length === 0 ? null : Math.ceil(Math.max(...waits) / 1000);
}
