import * as v from "valibot";
import { expect } from "vitest";
import { eventBody } from "../../../../src/domain/webhook-event.ts";
import { eventSchema, type ToldType } from "../../../../src/routes/api/event-schemas.ts";
import { makeTeam, rows } from "../../support.ts";
import { storeWebhook } from "../outbox.ts";

type Told<Type extends ToldType> = v.InferOutput<ReturnType<typeof eventSchema>> & { readonly type: Type };

/** A team with an endpoint that wants these types and is never sent anything. */
export async function teamThatWants(...types: readonly string[]): Promise<string> {
  const { id } = await makeTeam({ plan: "enterprise" });
  await listen(id, ...types);
  return id;
}

export function listen(team: string, ...types: readonly string[]): Promise<string> {
  return storeWebhook(team, types, { status: "paused" });
}

interface Row {
  readonly id: string;
  readonly type: ToldType;
  readonly at: number;
  readonly sequence: number;
  readonly subject: string;
  readonly actor: string;
  readonly actor_owner: string;
  readonly detail: string | null;
}

/** The bodies of a team's events in their order, each held to the schema of its type. */
export async function bodiesOf(team: string): Promise<Told<ToldType>[]> {
  const found = await rows<Row>(
    `SELECT events.id, events.at, events.sequence, audit_events.type, audit_events.subject, audit_events.actor,
       audit_events.actor_owner, audit_events.detail
     FROM events JOIN audit_events ON audit_events.id = events.audit_id
     WHERE events.team_id = ? ORDER BY events.sequence`,
    team,
  );
  return found.map((row) => {
    const text = eventBody({
      id: row.id,
      type: row.type,
      team,
      region: "us",
      createdAt: new Date(row.at).toISOString(),
      subject: row.subject,
      sequence: row.sequence,
      actor: { id: row.actor, owner: row.actor_owner },
      detail: row.detail === null ? null : (JSON.parse(row.detail) as Record<string, unknown>),
    });
    expect(text).not.toMatch(/jtn_|whsec_/);
    return v.parse(eventSchema(row.type), JSON.parse(text)) as Told<ToldType>;
  });
}

/** Expects that one event has come of it, of this type and about this, and gives its data. */
export async function expectTold(
  team: string,
  type: ToldType,
  subject: string,
): Promise<Record<string, unknown>> {
  const bodies = await bodiesOf(team);
  expect(bodies.map((body) => [body.type, body.data.id])).toEqual([[type, subject]]);
  const [body] = bodies;
  expect(body).toMatchObject({ team, region: "us", data: { sequence: 1 } });
  return body?.data ?? {};
}
