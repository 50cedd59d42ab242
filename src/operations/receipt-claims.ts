import type { ReceiptClaims, Revocation } from "../domain/receipt.ts";
import type { RegionCode } from "../domain/region.ts";

/**
 * What a receipt says. It says the same whenever it is made: all times are those of the revocation.
 * @param issuer the region's origin
 */
export function receiptClaims(
  { kind, id, teamId, revokedAt, effectiveBy, eventId, more = {} }: Revocation,
  { issuer, region }: { issuer: string; region: RegionCode },
): ReceiptClaims {
  return {
    iss: issuer,
    jti: `${eventId ?? String(revokedAt)}:${id}`,
    iat: Math.floor(revokedAt / 1000),
    sub: id,
    ...(eventId === null ? {} : { txn: eventId }),
    kind,
    team: teamId,
    region,
    revoked_at: new Date(revokedAt).toISOString(),
    effective_by: new Date(effectiveBy).toISOString(),
    ...more,
  };
}
