import { commit } from "../../store/database.ts";
import { endGrantById } from "../../store/grants.ts";
import { auditRowOf } from "../change.ts";
import type { Deps } from "../deps.ts";
import { journalEnded } from "../journal-watch.ts";

export interface EndedGrant {
  readonly id: string;
  readonly teamId: string;
  readonly clientId: string;
  readonly userId: string | null;
}

/**
 * Ends a grant with all that came of it. Doing it again changes nothing.
 * @param why the audit event's type; a replay (RFC 9700, section 4.14) is told from a revocation
 * @param by who ends it: a client, or a person's session
 */
export async function endGrant(
  deps: Deps,
  { id, teamId, clientId, userId }: EndedGrant,
  why: { readonly type: "grant.revoked" | "refresh_token.reuse_detected"; readonly cause: string },
  by: { readonly actor: string; readonly owner: string; readonly ip: string | null },
): Promise<void> {
  const audit = auditRowOf(deps, by, {
    type: why.type,
    teamId,
    subject: id,
    detail: { client: clientId, user: userId, cause: why.cause },
  });
  const reason = why.cause === "replay" ? "replayed" : "revoked";
  await commit(deps.db, endGrantById(deps.db, { id, reason, record: { subjects: [], audit } }));
  await journalEnded(deps, { kind: "grant", id, at: audit.at });
}
