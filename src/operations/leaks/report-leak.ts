import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { parseCredential } from "../../domain/token.ts";
import { consultImported, regionElsewhere } from "../consult-imported.ts";
import { hashCredential, tagHolds } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import type { Moment } from "../moment.ts";
import { heldAgainstJournal } from "../records.ts";
import { awaitOwn } from "../shared-read.ts";
import { endLeaked, endLeakedToken, type Leaked } from "./end-leaked.ts";
import { cleanUrl } from "./leak-place.ts";
import { isLeakable } from "./leak.ts";

type EndedLeak = Exclude<Leaked, { readonly status: "elsewhere" }>;

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
): Promise<Result<EndedLeak, Refusal>> {
  const credential = parseCredential(token);
  const by = { by: "anyone", source: null, ip } as const;
  if (credential === null) {
    const { hash } = await consultImported(deps, token, moment);
    if (hash === null) return err(NO_CREDENTIAL);
    const found = { ...by, url: cleanUrl(url, token) };
    return endReported(deps, () => endLeakedToken(deps, hash, found), { ip, never: NO_CREDENTIAL }, moment);
  }
  if (!isLeakable(credential)) return err(NO_CREDENTIAL);
  const region = await regionElsewhere(deps, credential, moment);
  if (region !== null) return err({ kind: "wrong_region", region });
  if (credential.region === deps.region && !tagHolds(deps, credential)) return err(NEVER_WAS);
  const found = { ...by, url: cleanUrl(url) };
  // A secret may hold in other regions than the one that it names; where it does not, that one knows it.
  const isNamedElsewhere = credential.kind === "cs" && credential.region !== deps.region;
  const never = isNamedElsewhere ? ({ kind: "wrong_region", region: credential.region } as const) : NEVER_WAS;
  return endReported(deps, () => endLeaked(deps, credential, found), { ip, never }, moment);
}

async function endReported(
  deps: Deps,
  end: () => Promise<Leaked | null>,
  { ip, never }: { readonly ip: string | null; readonly never: Refusal },
  moment: Moment,
): Promise<Result<EndedLeak, Refusal>> {
  const retryAfterSeconds = await chargeReport(deps, ip);
  if (retryAfterSeconds !== null) return err({ kind: "rate_limited", retryAfterSeconds });
  // What was restored may hold a credential that has ended.
  await heldAgainstJournal(deps.records, moment);
  const leaked = await end();
  if (leaked === null) return err(never);
  if (leaked.status === "elsewhere") return err({ kind: "wrong_region", region: leaked.region, moved: true });
  deps.auditSealer.soon(leaked.teamId, moment);
  return ok(leaked);
}

/** By its shape, and no import knows it either: a foreign key names no region that could be asked instead. */
const NO_CREDENTIAL: Refusal = { kind: "invalid_member", member: "token", problem: "invalid" };

/** A forged credential and one that was never stored look the same. */
const NEVER_WAS: Refusal = { kind: "not_found", noun: "access_token" };

/** @returns seconds to wait, null: none. A limiter that does not answer stands in nobody's way. */
async function chargeReport({ limiter, startTimer }: Deps, ip: string | null): Promise<number | null> {
  // Names of Durable Objects hold no personal data (facts: platform, "Durable Objects").
  const from = limiter(`leaks-from:${hashCredential(ip ?? "")}`);
  const charge = await awaitOwn(from.take({ ...REPORTS, cost: 1 }), startTimer).catch(() => null);
  return charge === null || charge.allowed ? null : Math.ceil((charge.retryAfterMs ?? 0) / 1000);
}
