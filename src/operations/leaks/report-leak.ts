import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { parseCredential } from "../../domain/token.ts";
import { hashCredential, tagHolds } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import type { Moment } from "../moment.ts";
import { heldAgainstJournal } from "../records.ts";
import { awaitOwn } from "../shared-read.ts";
import { endLeaked, type Leaked } from "./end-leaked.ts";
import { cleanUrl } from "./leak-place.ts";
import { isLeakable } from "./leak.ts";

/** Of one address; whoever finds more than that waits for the rest of a minute. */
const REPORTS = { limit: 100, windowMs: 60_000 };

/**
 * Ends a credential at the word of somebody who has it: that they have it is reason enough. What its own text
 * shows to be none of this region's costs no read and counts against nothing.
 * @param url where it was found
 * @throws {Unavailable} when the journal does not answer: then nothing has ended
 */
export async function reportLeak(
  deps: Deps,
  { token, url, ip }: { readonly token: string; readonly url: string | null; readonly ip: string | null },
  moment: Moment,
): Promise<Result<Leaked, Refusal>> {
  const credential = parseCredential(token);
  if (credential === null || !isLeakable(credential)) {
    return err({ kind: "invalid_member", member: "token", problem: "invalid" });
  }
  if (credential.region !== deps.region) return err({ kind: "wrong_region", region: credential.region });
  if (!tagHolds(deps, credential)) return err(NEVER_WAS);
  const retryAfterSeconds = await chargeReport(deps, ip);
  if (retryAfterSeconds !== null) return err({ kind: "rate_limited", retryAfterSeconds });
  // What was restored may hold a credential that has ended.
  await heldAgainstJournal(deps.records, moment);
  const report = { by: "anyone", source: null, url: cleanUrl(url), ip } as const;
  const leaked = await endLeaked(deps, credential, report);
  if (leaked === null) return err(NEVER_WAS);
  deps.auditSealer.soon(leaked.teamId, moment);
  return ok(leaked);
}

/** A forged credential and one that was never stored look the same. */
const NEVER_WAS: Refusal = { kind: "not_found", noun: "access_token" };

/** @returns seconds to wait, null: none. A limiter that does not answer stands in nobody's way. */
async function chargeReport({ limiter, startTimer }: Deps, ip: string | null): Promise<number | null> {
  // Names of Durable Objects hold no personal data (facts: platform, "Durable Objects").
  const from = limiter(`leaks-from:${hashCredential(ip ?? "")}`);
  const charge = await awaitOwn(from.take({ ...REPORTS, cost: 1 }), startTimer).catch(() => null);
  return charge === null || charge.allowed ? null : Math.ceil((charge.retryAfterMs ?? 0) / 1000);
}
