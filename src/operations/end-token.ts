import { revokeAccessToken, settleRevocation, type AccessTokenRow } from "../store/access-tokens.ts";
import type { AuditRow } from "../store/changes.ts";
import { commit } from "../store/database.ts";
import type { AuditedEvent } from "./change.ts";
import type { Deps } from "./deps.ts";
import { journalEnd } from "./journal-watch.ts";
import { receiptOf, type Receipted } from "./receipt.ts";
import { subjects } from "./subjects.ts";

export interface EndedToken extends Receipted {
  readonly row: AccessTokenRow;
}

/** Makes an event an audit row of whoever acts. */
export type Witness = (event: AuditedEvent) => AuditRow;

/**
 * Revokes an access token for good. Doing it again changes nothing and gets the same answer.
 *
 * `effectiveBy` is reckoned after the commit, because the bound counts from there: an isolate that read
 * the feed just before the commit may rely on that read for the whole bound.
 * @param also further events, for whoever is the one that revokes it
 */
export async function endToken(
  deps: Deps,
  found: AccessTokenRow,
  witness: Witness,
  also: readonly AuditedEvent[] = [],
): Promise<EndedToken> {
  const { id, kind, teamId, name, profileId, permissions } = found;
  if (found.revokedAt === null) {
    const audit = witness({
      type: "access_token.revoked",
      teamId,
      subject: id,
      detail: { before: { name, profile_id: profileId, permissions } },
    });
    const known = await journalEnd(deps, { kind: "access_token", id, at: audit.at });
    const change = { subjects: [subjects.token(id)], audit };
    const statements = revokeAccessToken(deps.db, { id, change, also: also.map(witness) });
    await commit(deps.db, [...statements, ...known]);
  }
  const row =
    found.revocationEffectiveBy === null
      ? await settleRevocation(deps.db, { id, effectiveBy: deps.clock() + deps.freshnessMs })
      : found;
  const effectiveBy = row.revocationEffectiveBy ?? deps.clock() + deps.freshnessMs;
  const { receipt } = await receiptOf(deps, id, {
    kind,
    id,
    teamId,
    revokedAt: row.revokedAt ?? effectiveBy,
    effectiveBy,
    eventId: row.revokedBy,
  });
  return { row, effectiveBy, receipt };
}
