import { RECEIPT_TYPE, type Revocation } from "../domain/receipt.ts";
import { findReceipt, keepReceipt } from "../store/receipts.ts";
import type { Deps } from "./deps.ts";
import { signNamed } from "./oauth/sign-jwt.ts";
import { RETIRED_KEY_MS } from "./oauth/signing-keys.ts";
import { receiptClaims } from "./receipt-claims.ts";
import { regionOrigin } from "./tenant.ts";

type ReceiptDeps = Pick<Deps, "db" | "vault" | "clock" | "origins" | "region" | "tenant">;

export interface Receipted {
  /** Milliseconds, as the receipt says. */
  readonly effectiveBy: number;
  /** A JWS (RFC 7515, compact) by the region's key, which anybody verifies by `jwks.json` alone. */
  readonly receipt: string;
}

/** A signed statement of something that happens once, such as revoking everything of a team. */
export async function signReceipt(deps: ReceiptDeps, revocation: Revocation): Promise<string> {
  return (await sign(deps, revocation)).jws;
}

/**
 * The signed statement of a revocation: whoever asks again gets the same, to the letter, as long as its key is
 * published. Belongs after the commit: when it cannot be signed the revocation has happened all the same, and
 * the caller, told of a fault, gets the receipt by asking again.
 * @param subject what names the credential and nothing else
 */
export async function receiptOf(
  deps: ReceiptDeps,
  subject: string,
  revocation: Revocation,
): Promise<Receipted> {
  const published = { retiredAfter: deps.clock() - RETIRED_KEY_MS };
  const given = await findReceipt(deps.db, { subject, ...published });
  if (given !== undefined) return { receipt: given.jws, effectiveBy: given.effectiveBy };
  const { effectiveBy } = revocation;
  const signed = await sign(deps, revocation);
  const kept = await keepReceipt(deps.db, { subject, ...signed, effectiveBy }, published);
  return { receipt: kept.jws, effectiveBy: kept.effectiveBy };
}

function sign(deps: ReceiptDeps, revocation: Revocation) {
  const { region } = deps;
  return signNamed(
    deps,
    receiptClaims(withEvent(revocation), { issuer: regionOrigin(deps), region }),
    RECEIPT_TYPE,
  );
}

/** What the journal ended once more has no audit event of its own. */
function withEvent(revocation: Revocation): Revocation {
  return revocation.eventId?.startsWith("aud_") ? revocation : { ...revocation, eventId: null };
}
