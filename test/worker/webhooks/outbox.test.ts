import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { call, driveClock, expectRefusal, issue, makeTeam, rows } from "../support.ts";
import { makeRole } from "../people.ts";
import { outboxOf, storeWebhook } from "./outbox.ts";
import { issueMany, revoke } from "./sending.ts";

driveClock();

describe("the outbox", () => {
  test("holds an event for each change that somebody wants to hear of, and none for others", async () => {
    const { id: team } = await makeTeam();
    await issue(team);
    const wanting = await storeWebhook(team, ["access_token.revoked"]);
    const { id } = await issue(team);
    await revoke(team, id);
    await makeRole(team, ["EMM.Devices.VIEW"]);
    expect(await outboxOf(team)).toMatchObject([
      { sequence: 1, type: "access_token.revoked", subject: id, deliveries: 1 },
    ]);
    expect(await rows("SELECT webhook_id, status, tries FROM deliveries WHERE team_id = ?", team)).toEqual([
      { webhook_id: wanting, status: "pending", tries: 0 },
    ]);
  });

  test("has one delivery for each endpoint that wants the type, paused ones too and no disabled one", async () => {
    const { id: team } = await makeTeam();
    const { id: other } = await makeTeam();
    const types = ["access_token.created", "role.created"];
    await storeWebhook(other, types);
    const wanting = [
      await storeWebhook(team, types),
      await storeWebhook(team, ["access_token.created"]),
      await storeWebhook(team, types, { status: "paused", status_reason: "failing" }),
    ];
    await storeWebhook(team, types, { status: "disabled", status_reason: "gone" });
    await storeWebhook(team, ["role.created"]);
    await storeWebhook(team, []);
    await issue(team);
    const deliveries = await rows<{ webhook_id: string }>(
      "SELECT webhook_id FROM deliveries WHERE team_id = ?",
      team,
    );
    expect(deliveries.map(({ webhook_id }) => webhook_id).toSorted()).toEqual(wanting.toSorted());
    expect(await outboxOf(other)).toEqual([]);
  });

  test("numbers a team's events in the order of the changes, without a gap, however parallel they are", async () => {
    const [{ id: team }, { id: other }] = [await makeTeam(), await makeTeam()];
    for (const each of [team, other])
      await storeWebhook(each, ["access_token.created", "access_token.revoked"]);
    const tokens = await Promise.all(
      Array.from({ length: 12 }, (_, index) => issue(index % 3 ? team : other)),
    );
    const mine = tokens.filter((_, index) => index % 3);
    await Promise.all(mine.map(({ id }) => revoke(team, id)));
    const events = await outboxOf(team);
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
    expect(events).toHaveLength(16);
    for (const { id } of mine) {
      const about = events.filter(({ subject }) => subject === id);
      expect(about.map(({ type }) => type)).toEqual(["access_token.created", "access_token.revoked"]);
    }
    const order = await rows<{ subject: string }>(
      "SELECT subject FROM audit_events WHERE team_id = ? AND type LIKE 'access_token.%' ORDER BY rowid",
      team,
    );
    expect(events.map(({ subject }) => subject)).toEqual(order.map(({ subject }) => subject));
  });

  test("names events and deliveries as the contract does, and as the audit trail can be followed", async () => {
    const { id: team } = await makeTeam();
    await storeWebhook(team, ["access_token.created"]);
    await issueMany(team, 2);
    const found = await rows<{ event: string; audit: string; delivery: string }>(
      `SELECT events.id AS event, audit_id AS audit, deliveries.id AS delivery FROM events
       JOIN deliveries ON event_id = events.id WHERE events.team_id = ?`,
      team,
    );
    for (const { event, audit, delivery } of found) {
      expect(event).toBe(audit.replace("aud_", "evt_"));
      expect(delivery).toMatch(/^dlv_[0-9a-hjkmnp-tv-z]{26}$/);
    }
    expect(new Set(found.map(({ delivery }) => delivery)).size).toBe(2);
  });
});

describe("an event and its change", () => {
  test("are one: a change that lost its race has no event", async () => {
    const { id: team } = await makeTeam();
    await storeWebhook(team, ["access_token.revoked"]);
    const { id } = await issue(team);
    await Promise.all([revoke(team, id), revoke(team, id), revoke(team, id)]);
    await revoke(team, id);
    expect(await outboxOf(team)).toHaveLength(1);
  });

  test("are one: a change that was refused has no event", async () => {
    const { id: team } = await makeTeam();
    await storeWebhook(team, ["access_token.created", "role.created"]);
    expectRefusal(
      await call("POST", `/v1/teams/${team}/access-tokens`, {
        body: { name: "x", permissions: ["EMM.No.VIEW"] },
      }),
      400,
      "COM0005",
    );
    expect(await outboxOf(team)).toEqual([]);
  });

  test("are one: a batch that fails leaves neither", async () => {
    const { id: team } = await makeTeam();
    await storeWebhook(team, ["access_token.created"]);
    // An outbox that cannot be written takes the change with it.
    await env.DB.prepare(
      "CREATE TRIGGER full BEFORE INSERT ON deliveries BEGIN SELECT RAISE(ABORT, 'no room'); END",
    ).run();
    const body = { name: "x", permissions: ["EMM.Devices.VIEW"] };
    const path = `/v1/teams/${team}/access-tokens`;
    expect((await call("POST", path, { body })).status).toBe(500);
    expect(await rows("SELECT id FROM access_tokens WHERE team_id = ?", team)).toEqual([]);
    expect(await rows("SELECT event_sequence FROM teams WHERE id = ?", team)).toEqual([
      { event_sequence: 0 },
    ]);
    await env.DB.prepare("DROP TRIGGER full").run();
    expect((await call("POST", path, { body })).status).toBe(201);
    expect(await outboxOf(team)).toMatchObject([{ sequence: 1 }]);
  });
});
