import { eq, sql, type SQL } from "drizzle-orm";
import type { Database, Statement } from "./database.ts";
import { auditEvents, feed } from "./schema.ts";

/** An audit event as it is written; its place in the chain comes later. */
export type AuditRow = Omit<typeof auditEvents.$inferSelect, "chainNumber" | "chainHash">;

/** What every change leaves behind, in the same batch as the change itself. */
export interface ChangeRecord {
  /** Feed subjects whose cached copies die with the change. */
  readonly subjects: readonly string[];
  readonly audit: AuditRow;
}

/**
 * The feed and audit rows of a change.
 * @param won when given, a condition that holds only if the change before it in the batch took place:
 *   parallel writers guard their change, and the loser must leave no trace.
 */
export function recordChange(db: Database, { subjects, audit }: ChangeRecord, won?: SQL): Statement[] {
  if (won === undefined) {
    return [
      ...subjects.map((subject) => db.insert(feed).values({ subject, at: audit.at })),
      db.insert(auditEvents).values(audit),
    ];
  }
  const detail = audit.detail === null ? null : JSON.stringify(audit.detail);
  const oneRow = sql`(SELECT 1)`;
  return [
    ...subjects.map((subject) =>
      db.insert(feed).select(
        db
          .select({ seq: value(null, "seq"), subject: value(subject, "subject"), at: value(audit.at, "at") })
          .from(oneRow)
          .where(won),
      ),
    ),
    db.insert(auditEvents).select(
      db
        .select({
          id: value(audit.id, "id"),
          teamId: value(audit.teamId, "team_id"),
          at: value(audit.at, "at"),
          type: value(audit.type, "type"),
          actor: value(audit.actor, "actor"),
          actorOwner: value(audit.actorOwner, "actor_owner"),
          subject: value(audit.subject, "subject"),
          ip: value(audit.ip, "ip"),
          detail: value(detail, "detail"),
          chainNumber: value(null, "chain_number"),
          chainHash: value(null, "chain_hash"),
        })
        .from(oneRow)
        .where(won),
    ),
  ];
}

/** Audit events, however many, as one statement; those that are there already are passed over. */
export function insertAuditEvents(db: Database, rows: readonly AuditRow[]): Statement {
  return db
    .insert(auditEvents)
    .select(
      sql`SELECT value->>'id', value->>'teamId', value->>'at', value->>'type', value->>'actor', value->>'actorOwner', value->>'subject',
        value->>'ip', value->>'detail', NULL, NULL FROM json_each(${JSON.stringify(rows)}) WHERE true`,
    )
    .onConflictDoNothing();
}

/** Whether the change with this audit event took place: its row is there exactly then. */
export async function wasRecorded(db: Database, auditId: string): Promise<boolean> {
  const row = await db
    .select({ id: auditEvents.id })
    .from(auditEvents)
    .where(eq(auditEvents.id, auditId))
    .get();
  return row !== undefined;
}

/** A constant as a selected column: Drizzle compares these with the table's, name by name. */
function value(constant: string | number | null, column: string): SQL.Aliased {
  return sql`${constant}`.as(column);
}
