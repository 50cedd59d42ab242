import { beforeAll, describe, expect, test } from "vitest";
import { CHAIN_START, ChainVerifier, type ChainedEvent } from "../../../src/domain/audit-chain.ts";
import { hashCredential } from "../../../src/operations/credentials.ts";
import { check, expectAnswer } from "../support.ts";
import { furnish, VIEW } from "./household.ts";
import { BY_CREDENTIAL, BY_OPERATOR, openEnds, type Left } from "./old-region.ts";
import { confirm, moveTeam, play, show, type Move, type Place } from "./support.ts";

let us: Place;
let eu: Place;
let left: Left;
let move: Move;
let trail: unknown;

const auditTrail = () => us.rows("SELECT * FROM audit_events WHERE team_id = ? ORDER BY rowid", left.team.id);

beforeAll(async () => {
  us = await play("us");
  eu = await play("eu");
  const house = await furnish(us);
  left = { ...house, ...(await openEnds(house)), code: "" };
  move = await moveTeam(house.team.id, { from: us, to: eu });
  trail = await auditTrail();
  await confirm(move, { from: us, to: eu });
});

describe("a region that has been told that a team arrived elsewhere forgets", () => {
  test.each([
    ["members"],
    ["roles"],
    ["domains"],
    ["webhooks"],
    ["deliveries"],
    ["events"],
    ["consents"],
    ["sso_connections"],
    ["reports"],
    ["token_usage"],
    ["grants"],
  ])("its %s", async (table) => {
    expect(await us.rows(`SELECT * FROM ${table} WHERE team_id = ?`, left.team.id)).toEqual([]);
  });

  test.each([
    ["webhook_secrets", "webhook_id", "webhooks"],
    ["grant_tokens", "grant_id", "grants"],
    ["enhance_tokens", "grant_id", "grants"],
    ["report_parts", "report_id", "reports"],
    ["sso_identities", "connection_id", "sso_connections"],
  ])("what hung on that: %s", async (table, column, parent) => {
    const orphans = `SELECT * FROM ${table} WHERE ${column} NOT IN (SELECT id FROM ${parent})`;
    expect(await us.rows(orphans)).toEqual([]);
  });

  test("of its tokens all but the hash, the id and what became of them", async () => {
    const kept = await us.rows("SELECT * FROM access_tokens WHERE team_id = ?", left.team.id);
    expect(kept).toHaveLength(4);
    for (const row of kept) {
      expect(row).toMatchObject({
        name: "",
        user_id: null,
        profile_id: null,
        permissions: "[]",
        created_by: "",
      });
    }
    const [refresh] = await us.rows(
      "SELECT * FROM refresh_tokens WHERE hash = ?",
      hashCredential(left.refreshToken),
    );
    expect(refresh).toMatchObject({ user_id: null, holder: "", retry_answer: null });
  });

  test("its name, slug and billing contact; that it was here, and where it is, stays", async () => {
    const [team] = await us.rows("SELECT * FROM teams WHERE id = ?", left.team.id);
    expect(team).toMatchObject({
      name: left.team.id,
      slug: left.team.id,
      lives_in: "eu",
      billing_contact: null,
      preferences: "{}",
    });
    expect(JSON.stringify(team)).not.toContain(left.team.slug);
  });

  test("nobody's account: a person may be in other teams", async () => {
    expect(await us.rows("SELECT id FROM users WHERE id = ?", left.owner.user)).toHaveLength(1);
  });
});

describe("and still", () => {
  test.each([...BY_CREDENTIAL, ...BY_OPERATOR])(
    "names the other region to %s",
    async (_, ask, status, code) => {
      const said = await ask(left, us);
      expect([said.status, said.code], said.text).toEqual([status, code]);
      expect(said.text).toContain("https://tokens.example.eu");
    },
  );

  test("keeps the audit trail as it was, with one event more, and it verifies", async () => {
    const now = await auditTrail();
    const sealed = (rows: unknown) =>
      (rows as Record<string, unknown>[]).map(({ chain_number: _number, chain_hash: _hash, ...row }) => row);
    expect(sealed(now).slice(0, -1)).toEqual(sealed(trail));
    expect(now.at(-1)).toMatchObject({ type: "team.move_confirmed", subject: move.id });

    const deps = await us.deps();
    await expect
      .poll(async () => {
        deps.auditSealer.soon(left.team.id, { arrivedAt: Date.now(), background: () => undefined } as never);
        return us.rows(
          "SELECT id FROM audit_events WHERE team_id = ? AND chain_number IS NULL",
          left.team.id,
        );
      })
      .toEqual([]);
    const events = await us.call("GET", `/v1/audit-events?team=${left.team.id}`);
    expect(events.status).toBeLessThan(500);
    const rows = await us.rows<Record<string, string | number | null>>(
      "SELECT * FROM audit_events WHERE team_id = ? ORDER BY chain_number",
      left.team.id,
    );
    const verifier = new ChainVerifier(left.team.id, CHAIN_START, hashCredential);
    for (const row of rows) expect(verifier.add(eventOf(row))).toBeNull();
    expect(verifier.head.number).toBe(rows.length);
  });

  test("and everything goes on in the other one", async () => {
    for (const token of [left.token.token, left.accessToken, left.foreign.text]) {
      expect((await check(eu.key, { token, permissions: [VIEW] }, { at: eu.at })).allowed).toBe(true);
    }
    expectAnswer(await eu.call("GET", `/v1/teams/${left.team.id}`), 200, "Team");
    expect((await show(us, move.id)).state).toBe("confirmed");
  });

  test("a slug is free here again, for whoever wants it", async () => {
    const body = { name: "New", slug: left.team.slug };
    expectAnswer(await us.call("POST", "/v1/teams", { body }), 201, "CreatedTeam");
  });
});

function eventOf(row: Readonly<Record<string, string | number | null>>): ChainedEvent {
  const text = (name: string) => String(row[name]);
  return {
    id: text("id"),
    team: text("team_id"),
    at: new Date(Number(row["at"])).toISOString(),
    type: text("type"),
    actor: { id: text("actor"), owner: text("actor_owner") },
    subject: text("subject"),
    ip: row["ip"] === null ? null : text("ip"),
    detail: row["detail"] === null ? null : (JSON.parse(text("detail")) as ChainedEvent["detail"]),
    chain: { number: Number(row["chain_number"]), hash: text("chain_hash") },
  };
}
