import type { AuditRow } from "../store/changes.ts";
import { commit } from "../store/database.ts";
import { deleteReport } from "../store/reports.ts";
import {
  deleteInvitation,
  deleteOldSessions,
  deleteOldUsage,
  listOldInvitations,
  listOldReports,
} from "../store/retention.ts";
import { makeId } from "./credentials.ts";
import type { Deps } from "./deps.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** From its end on; by then whoever asked for it has it, and can ask for another. */
export const REPORT_KEPT_MS = 30 * DAY_MS;

/** A year and a month: this month can be held against the same one of last year. */
export const USAGE_KEPT_MS = 400 * DAY_MS;

/** From its end on; what was done by it is in the audit trail, with its id and its person. */
export const SESSION_KEPT_MS = 30 * DAY_MS;

/** From its expiry on: long enough to see that somebody never came. */
export const INVITATION_KEPT_MS = 30 * DAY_MS;

/** Of one run, each: a report's text can be long, and an invocation has 1,000 queries. */
const MAX_REPORTS = 20;
const MAX_INVITATIONS = 50;
const MAX_ROWS = 5_000;

/** How the audit trail names what nobody did: it came with time. */
const SCHEDULE = "schedule";

type Forgetting = Pick<Deps, "db" | "clock" | "randomBytes">;

/*
 * Audit events are not among what is forgotten: each is tied to the one before it, and a chain whose
 * beginning is gone can no longer be verified.
 */

/** Deletes counts of checks that no report reaches back to. */
export async function forgetUsage({ db, clock }: Forgetting): Promise<void> {
  const beforeHour = Math.floor((clock() - USAGE_KEPT_MS) / HOUR_MS);
  await deleteOldUsage(db, { beforeHour, limit: MAX_ROWS });
}

/** Deletes sessions that have been over for long. */
export async function forgetSessions({ db, clock }: Forgetting): Promise<void> {
  await deleteOldSessions(db, { before: clock() - SESSION_KEPT_MS, limit: MAX_ROWS });
}

/** Deletes finished reports with their text. */
export async function forgetReports(deps: Forgetting): Promise<void> {
  const { db, clock } = deps;
  const old = await listOldReports(db, { before: clock() - REPORT_KEPT_MS, limit: MAX_REPORTS });
  for (const { id, teamId, type, status } of old) {
    const audit = auditRow(deps, { type: "report.expired", teamId, subject: id, before: { type, status } });
    await commit(db, deleteReport(db, { teamId, id, record: { subjects: [], audit } }));
  }
}

/** Deletes invitations that nobody accepted. Used ones need no deletion: nothing is left of their links. */
export async function forgetInvitations(deps: Forgetting): Promise<void> {
  const { db, clock } = deps;
  const before = clock() - INVITATION_KEPT_MS;
  for (const member of await listOldInvitations(db, { before, limit: MAX_INVITATIONS })) {
    const { id, teamId, email, role } = member;
    const audit = auditRow(deps, {
      type: "invitation.expired",
      teamId,
      subject: id,
      before: { email, role },
    });
    await commit(db, deleteInvitation(db, { member, record: { subjects: [], audit } }));
  }
}

function auditRow(
  deps: Forgetting,
  event: { type: string; teamId: string; subject: string; before: Record<string, unknown> },
): AuditRow {
  const { type, teamId, subject, before } = event;
  return {
    id: makeId(deps, "aud"),
    teamId,
    at: deps.clock(),
    type,
    actor: SCHEDULE,
    actorOwner: SCHEDULE,
    subject,
    ip: null,
    detail: { before },
  };
}
