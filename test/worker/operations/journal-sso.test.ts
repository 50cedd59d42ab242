import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { openDatabase } from "../../../src/store/database.ts";
import { replayEntries } from "../../../src/store/journal-replay.ts";
import { join, signIn } from "../people.ts";
import { call, makeTeam, rows } from "../support.ts";

/*
 * A sign-in connection that was removed vouches for nobody after a restore of the database (D1's Time Travel).
 */

test("a removed connection, whom it let in and whom it meant are gone again after a restore", async () => {
  const team = await makeTeam();
  const owner = await join(team.id, "owner");
  await store("sso_connections", {
    id: "sso_removed",
    team_id: team.id,
    name: "Provider",
    issuer: "https://id.example",
    client_id: "jeton",
    client_secret: "sealed",
    allowed_domains: "[]",
    version: 1,
    changed_by: "test",
    created_at: 0,
    updated_at: 0,
  });
  await store("sso_identities", {
    connection_id: "sso_removed",
    issuer: "https://id.example",
    subject: "sub",
    user_id: owner.user,
    created_at: 0,
  });
  await signIn(owner.user, {
    id: "ses_by_sso",
    method: "sso",
    sso_team_id: team.id,
    sso_connection_id: "sso_removed",
  });
  const held = await Promise.all(
    ["sso_connections", "sso_identities"].map((table) => rows(`SELECT * FROM ${table}`)),
  );

  const removed = await call("DELETE", `/v1/teams/${team.id}/sso-connections/sso_removed`);
  expect(removed.status, removed.text).toBe(200);

  // The restore: what was there before stands there again.
  for (const row of held[0] ?? []) await store("sso_connections", row);
  for (const row of held[1] ?? []) await store("sso_identities", row);
  await env.DB.prepare("UPDATE sessions SET ended_at = NULL WHERE id = 'ses_by_sso'").run();
  const { entries } = await env.JOURNAL.get(env.JOURNAL.idFromName("region")).after(0, 0);
  await replayEntries(openDatabase(env.DB), { entries, from: 0, known: 0 });

  expect(await rows("SELECT id FROM sso_connections")).toEqual([]);
  expect(await rows("SELECT subject FROM sso_identities")).toEqual([]);
  expect(await rows("SELECT id FROM sessions WHERE id = 'ses_by_sso' AND ended_at IS NULL")).toEqual([]);
});

async function store(table: string, row: Record<string, unknown>): Promise<void> {
  const columns = Object.keys(row);
  await env.DB.prepare(
    `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
  )
    .bind(...Object.values(row))
    .run();
}
