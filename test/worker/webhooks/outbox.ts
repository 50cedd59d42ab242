import { rows, unique } from "../support.ts";
import { store } from "../oauth/support.ts";

export interface OutboxEvent {
  readonly id: string;
  readonly sequence: number;
  readonly type: string;
  readonly subject: string;
  readonly actor: string;
  readonly detail: Record<string, unknown> | null;
  readonly deliveries: number;
}

/** An endpoint of the team that wants these types, put into the store by hand. */
export async function storeWebhook(
  team: string,
  events: readonly string[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const id = unique("whk_stored");
  await store("webhooks", {
    id,
    team_id: team,
    url: "https://receiver.example/hook",
    description: null,
    events: JSON.stringify(events),
    status: "enabled",
    version: 1,
    changed_by: "test",
    created_by: "operator",
    created_at: Date.now(),
    updated_at: Date.now(),
    ...more,
  });
  return id;
}

/** The team's events in their order, each with what it tells and to how many endpoints. */
export async function outboxOf(team: string): Promise<OutboxEvent[]> {
  const found = await rows<Omit<OutboxEvent, "detail"> & { detail: string | null }>(
    `SELECT events.id, events.sequence, audit_events.type, audit_events.subject, audit_events.actor,
       audit_events.detail, (SELECT count(*) FROM deliveries WHERE deliveries.event_id = events.id) AS deliveries
     FROM events JOIN audit_events ON audit_events.id = events.audit_id
     WHERE events.team_id = ? ORDER BY events.sequence`,
    team,
  );
  return found.map((row) => ({
    ...row,
    detail: row.detail === null ? null : (JSON.parse(row.detail) as Record<string, unknown>),
  }));
}
