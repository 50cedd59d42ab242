import { commit } from "../../store/database.ts";
import { endGrantById } from "../../store/grants.ts";
import { auditRowOf, type AuditedEvent } from "../change.ts";
import type { Deps } from "../deps.ts";
import { journalEnd } from "../journal-watch.ts";

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
 * @param also further events, for whoever is the one that ends it
 */
export async function endGrant(
  deps: Deps,
  { id, teamId, clientId, userId }: EndedGrant,
  why: { readonly type: "grant.revoked" | "refresh_token.reuse_detected"; readonly cause: string },
  by: { readonly actor: string; readonly owner: string; readonly ip: string | null },
  also: readonly AuditedEvent[] = [],
): Promise<void> {
  const audit = auditRowOf(deps, by, {
    type: why.type,
    teamId,
    subject: id,
    detail: { client: clientId, user: userId, cause: why.cause },
  });
  const reason = why.cause === "replay" ? "replayed" : "revoked";
  const known = await journalEnd(deps, { kind: "grant", id, at: audit.at });
  const beside = also.map((event) => auditRowOf(deps, by, event));
  const statements = endGrantById(deps.db, { id, reason, record: { subjects: [], audit }, also: beside });
  await commit(deps.db, [...statements, ...known]);
}
