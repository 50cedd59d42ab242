import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import {
  findAccessToken,
  revokeAccessToken,
  settleRevocation,
  type AccessTokenRow,
} from "../store/access-tokens.ts";
import { commit } from "../store/database.ts";
import { auditRow, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { journalEnd } from "./journal-watch.ts";
import { subjects } from "./subjects.ts";

export interface RevokedToken {
  readonly row: AccessTokenRow;
  /** Milliseconds: no check received later than this accepts the token, anywhere in the region. */
  readonly effectiveBy: number;
}

/**
 * Revokes a token for good. Doing it again changes nothing and gets the same answer.
 *
 * `effectiveBy` is reckoned after the commit, because the bound counts from there: an isolate that read
 * the feed just before the commit may rely on that read for the whole bound.
 */
export async function revokeToken(
  deps: Deps,
  teamId: string,
  id: string,
  actor: Actor,
): Promise<Result<RevokedToken, Refusal>> {
  const found = await findAccessToken(deps.db, { teamId, id });
  if (found === undefined) return err({ kind: "not_found", noun: "access_token" });
  if (found.revocationEffectiveBy !== null)
    return ok({ row: found, effectiveBy: found.revocationEffectiveBy });
  if (found.revokedAt === null) {
    const { name, profileId, permissions } = found;
    const audit = auditRow(deps, actor, {
      type: "access_token.revoked",
      teamId,
      subject: id,
      detail: { before: { name, profile_id: profileId, permissions } },
    });
    const known = await journalEnd(deps, { kind: "access_token", id, at: audit.at });
    const change = { subjects: [subjects.token(id)], audit };
    await commit(deps.db, [...revokeAccessToken(deps.db, { id, change }), ...known]);
  }
  const row = await settleRevocation(deps.db, { id, effectiveBy: deps.clock() + deps.freshnessMs });
  return ok({ row, effectiveBy: row.revocationEffectiveBy ?? deps.clock() + deps.freshnessMs });
}
