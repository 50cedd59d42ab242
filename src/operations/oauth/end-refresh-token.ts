import { findGrant } from "../../store/grants.ts";
import type { RefreshTokenRow } from "../../store/refresh-tokens.ts";
import type { AuditedEvent } from "../change.ts";
import type { Deps } from "../deps.ts";
import { receiptOf, type Receipted } from "../receipt.ts";
import { endGrant } from "./end-grant.ts";

/**
 * Ends a refresh token with its grant and all that came of that: whoever had it could have got any of it. Doing
 * it again changes nothing and gets the same receipt.
 * @param cause for the audit trail
 * @param by who ends it
 * @param also further events, for whoever is the one that ends it
 */
export async function endRefreshToken(
  deps: Deps,
  { id, teamId, grantId }: RefreshTokenRow,
  cause: string,
  by: { readonly actor: string; readonly owner: string; readonly ip: string | null },
  also: readonly AuditedEvent[] = [],
): Promise<Receipted> {
  const found = await findGrant(deps.db, grantId);
  if (found?.revokedAt === null) await endGrant(deps, found, { type: "grant.revoked", cause }, by, also);
  const grant = await findGrant(deps.db, grantId);
  const now = deps.clock();
  return receiptOf(deps, id, {
    kind: "rt",
    id,
    teamId,
    revokedAt: grant?.revokedAt ?? now,
    // Reckoned after the commit, because the bound counts from there (see `endToken`).
    effectiveBy: now + deps.freshnessMs,
    eventId: grant?.revokedBy ?? null,
    more: { grant: grantId },
  });
}
