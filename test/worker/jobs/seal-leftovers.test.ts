import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import worker from "../../../src/index.ts";
import { makeTeam, rows } from "../support.ts";

async function addEvents(team: string | null, count: number): Promise<void> {
  await env.DB.prepare(
    `WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < ?2)
     INSERT INTO audit_events (id, team_id, at, type, actor, actor_owner, subject)
     SELECT 'aud_' || coalesce(?1, 'none') || value, ?1, value, 'check.denied', 'tok_x', 'operator', 'svc_x' FROM n`,
  )
    .bind(team, count)
    .run();
}

async function unsealed(): Promise<Map<unknown, unknown>> {
  const found = await rows(
    "SELECT team_id, count(*) AS waiting FROM audit_events WHERE chain_number IS NULL GROUP BY team_id",
  );
  return new Map(found.map((row) => [row["team_id"], row["waiting"]]));
}

describe("the scheduled job", () => {
  test("seals what nobody has sealed, in every chain", { timeout: 30_000 }, async () => {
    const teams = [(await makeTeam()).id, (await makeTeam()).id];
    await addEvents(teams[0]!, 2_500);
    await addEvents(teams[1]!, 10);
    await addEvents(null, 5);
    await worker.scheduled(createScheduledController(), env);
    expect(await unsealed()).toEqual(new Map());
    const [sealed] = await rows(
      "SELECT max(chain_number) AS last FROM audit_events WHERE team_id = ?",
      teams[0]!,
    );
    expect(sealed?.["last"]).toBe(2_501);
  });

  test(
    "lets no chain wait for a busy one, and leaves what is too much for the next run",
    { timeout: 60_000 },
    async () => {
      const [busy, quiet] = [(await makeTeam()).id, (await makeTeam()).id];
      await addEvents(busy, 70_000);
      await addEvents(quiet, 3);
      await worker.scheduled(createScheduledController(), env);
      const left = await unsealed();
      expect(left.has(quiet)).toBe(false);
      expect(left.get(busy)).toBeGreaterThan(0);
      await worker.scheduled(createScheduledController(), env);
      expect(await unsealed()).toEqual(new Map());
    },
  );
});
