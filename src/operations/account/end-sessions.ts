import type { JournalledEnd } from "../../domain/journal.ts";
import { insertAuditEvents, type AuditRow } from "../../store/changes.ts";
import { commitIfHolds, type Statement } from "../../store/database.ts";
import { endSessionsById, listSessionsOf, refuseOtherSessions } from "../../store/sessions.ts";
import { auditRowOf } from "../change.ts";
import type { Deps } from "../deps.ts";
import { journalEnded } from "../journal-watch.ts";
import type { Self } from "./self.ts";

/** Sessions that end with the batch in which these statements are, and what the journal then has to know. */
export interface EndingSessions {
  /** The batch is undone when the person has got another session since. */
  readonly statements: readonly Statement[];
  readonly ends: readonly JournalledEnd[];
}

/**
 * Ends a person's sessions, each with an audit event as when they sign out.
 * @param keep the one that goes on, null: none does
 */
export async function endingSessions(
  deps: Deps,
  { userId, keep }: { userId: string; keep: string | null },
  by: { readonly actor: string; readonly owner: string; readonly ip: string | null },
): Promise<EndingSessions> {
  const { db } = deps;
  const now = deps.clock();
  const live = (await listSessionsOf(db, { userId, now })).map(({ id }) => id);
  const ids = live.filter((id) => id !== keep);
  return {
    statements: [
      refuseOtherSessions(db, { userId, now, ids: live }),
      endSessionsById(db, { ids, at: now }),
      insertAuditEvents(
        db,
        ids.map((id) => endedAudit(deps, id, by)),
      ),
    ],
    ends: ids.map((id) => ({ kind: "session", id, at: now }) as const),
  };
}

/**
 * Signs a person out of one of their sessions, or of all but the one that they act by. By single sign-on
 * nothing is ended but what came by it in the same team.
 * @param id which one, null: all others
 * @throws {Unavailable} when the journal does not answer: ended then, they may come back with a restore
 */
export async function endOwnSessions(deps: Deps, self: Self, id: string | null): Promise<void> {
  const { db } = deps;
  const by = { actor: self.sessionId, owner: self.userId, ip: self.ip };
  const now = deps.clock();
  const live = await listSessionsOf(db, { userId: self.userId, now });
  const ids = live
    .filter((session) => self.ssoTeamId === null || session.ssoTeamId === self.ssoTeamId)
    .map((session) => session.id)
    .filter((one) => (id === null ? one !== self.sessionId : one === id));
  if (ids.length === 0) return;
  await commitIfHolds(db, [
    endSessionsById(db, { ids, at: now }),
    insertAuditEvents(
      db,
      ids.map((one) => endedAudit(deps, one, by)),
    ),
  ]);
  await journalEnded(deps, ...ids.map((one) => ({ kind: "session", id: one, at: now }) as const));
}

function endedAudit(
  deps: Deps,
  id: string,
  by: { readonly actor: string; readonly owner: string; readonly ip: string | null },
): AuditRow {
  return auditRowOf(deps, by, { type: "session.ended", teamId: null, subject: id });
}
