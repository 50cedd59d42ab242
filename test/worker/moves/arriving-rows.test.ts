import { beforeAll, describe, expect, test } from "vitest";
import {
  MOVE_STATEMENT_TYPE,
  moveClaims,
  type MovedKind,
  type MovedRow,
} from "../../../src/domain/team-move.ts";
import { defaultOrigin } from "../../../src/deployments.ts";
import type { Deps } from "../../../src/operations/deps.ts";
import { hashCredential } from "../../../src/operations/credentials.ts";
import { signJwt } from "../../../src/operations/oauth/sign-jwt.ts";
import { foreignId } from "../regions/support.ts";
import { check, expectAnswer, expectRefusal, unique, type Answer } from "../support.ts";
import { clientBody } from "../clients.ts";
import { furnish, importKey, VIEW, type Household } from "./household.ts";
import {
  begin,
  copy,
  digestOf,
  does,
  expectObstacle,
  moveTeam,
  play,
  putRows,
  readAll,
  receive,
  step,
  type Move,
  type Place,
} from "./support.ts";

/*
 * A region believes another one's word about that one's own teams, and nothing beyond: what arrives harms nobody who
 * is here, whatever it says.
 */

let us: Place;
let eu: Place;
let liar: Deps;
let house: Household;
let pages: readonly (readonly [MovedKind, readonly MovedRow[]])[];
beforeAll(async () => {
  us = await play("us");
  eu = await play("eu");
  await play("in");
  liar = await us.deps();
  house = await furnish(us);
  const { id } = await begin(house.team.id, { from: us, to: eu });
  pages = await readAll(id, us);
  await does(us, id, "cancel");
  await does(eu, id, "decline");
});

const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";

function madeUp(prefix: string): string {
  const random = crypto.getRandomValues(new Uint8Array(24));
  return `${prefix}_01${Array.from(random, (byte) => DIGITS.charAt(byte % 32)).join("")}`;
}

type Edit = (kind: MovedKind, row: MovedRow) => MovedRow | null;

/** The columns of a row in another way, by their places. */
function other(row: MovedRow, columns: Readonly<Record<number, unknown>>, key = row.key): MovedRow {
  const values = JSON.parse(row.row) as unknown[];
  return {
    key,
    row: JSON.stringify(values.map((value, place) => (place in columns ? columns[place] : value))),
  };
}

/** A move of a team that another region has made up, from the rows of a real one. */
async function madeUpMove(edit: Edit = (_, row) => row): Promise<Move> {
  const team = madeUp("team");
  const made = {
    id: madeUp("mov"),
    team,
    from: "us",
    to: "eu",
    started_at: "2026-01-01T00:00:00.000Z",
  } as Move;
  expectAnswer(await receive(made, eu), 200, "Move");
  const ids = new Map<string, string>();
  const renamed = (text: string) =>
    ids.get(text) ?? ids.set(text, madeUp(text.split("_")[0] ?? "x")).get(text) ?? "";
  for (const [kind, rows] of pages) {
    const changed = rows.flatMap((row) => {
      const edited = edit(kind, row);
      if (edited === null) return [];
      // Whatever the test leaves alone is nobody's yet.
      if (edited !== row) return [edited];
      if (kind === "team") return [other(row, { 1: unique("slug") }, team)];
      if (kind === "client_secrets" || kind === "clients" || kind === "consents") return [];
      const hashes = /token/.test(kind) ? { 0: hashCredential(crypto.randomUUID()) } : {};
      return [other(row, hashes, renamed(row.key))];
    });
    const sorted = changed
      .map((row) => (kind === "team" ? { ...row, key: team } : row))
      .toSorted((one, two) => (one.key < two.key ? -1 : 1));
    expectAnswer(await putRows(made.id, eu, [kind, sorted]), 200, "Move");
  }
  return made;
}

/** The other region says of whatever has arrived that it is what it handed over. */
async function take({ id, team, started_at }: Move): Promise<Answer> {
  const { sha256 } = await digestOf(eu, id);
  const statement = moveClaims({
    move: id,
    team,
    step: "handed_over",
    startedAt: Date.parse(started_at),
    sha256,
    notBefore: 0,
  });
  const claims = { iss: defaultOrigin("us"), aud: defaultOrigin("eu"), iat: 1, ...statement };
  return step(eu, id, "take", { statement: await signJwt(liar, claims, MOVE_STATEMENT_TYPE) });
}

async function obstacles({ id }: Move): Promise<readonly string[]> {
  return expectAnswer(await eu.call("GET", `/v1/moves/${id}/obstacles`), 200, "MoveObstacles").obstacles;
}

describe("a row is kept only if it is one", () => {
  const good = () => pages.find(([kind]) => kind === "roles")?.[1][0] as MovedRow;
  const values = () => JSON.parse(good().row) as unknown[];
  const BAD: readonly (readonly [string, () => MovedRow])[] = [
    ["no JSON", () => ({ ...good(), row: "[" })],
    ["no array", () => ({ ...good(), row: "{}" })],
    ["a column too many", () => ({ ...good(), row: JSON.stringify([...values(), 1]) })],
    ["a column too few", () => ({ ...good(), row: JSON.stringify(values().slice(1)) })],
    ["nothing where something has to be", () => other(good(), { 0: null })],
    ["a number where a text has to be", () => other(good(), { 0: 1 })],
    ["a text where a number has to be", () => other(good(), { 3: "1" })],
    ["half a number", () => other(good(), { 3: 1.5 })],
    ["a list in the place of its text", () => other(good(), { 2: [VIEW] })],
    ["permissions that are no texts", () => other(good(), { 2: "[1]" })],
    ["half a character", () => other(good(), { 0: "\ud800" })],
  ];

  test.each(BAD)("%s is refused, with all that came with it", async (_, bad) => {
    const { id } = await madeUpMove();
    const before = await eu.rows("SELECT * FROM team_arrivals WHERE move_id = ?", id);
    const rows = [
      { ...good(), key: "a" },
      { ...bad(), key: "b" },
    ];
    expectRefusal(await putRows(id, eu, ["roles", rows]), 400, "COM0005");
    expect(await eu.rows("SELECT * FROM team_arrivals WHERE move_id = ?", id)).toEqual(before);
  });

  const OUT: readonly (readonly [string, string, string | null, readonly string[]])[] = [
    ["before the range", "b", null, ["a"]],
    ["at its open end", "b", null, ["b"]],
    ["behind it", "a", "c", ["d"]],
    ["in no order", "", null, ["b", "a"]],
    ["twice", "", null, ["a", "a"]],
    ["without a key", "", null, [""]],
  ];

  test.each(OUT)("rows %s are refused", async (_, after, until, names) => {
    const { id } = await madeUpMove();
    const rows = names.map((key) => ({ ...good(), key }));
    const body = { kind: "roles", after, until, rows };
    expectRefusal(await eu.call("PUT", `/v1/moves/${id}/rows`, { body }), 400, "COM0005");
  });

  test("another team's row is none of this move's", async () => {
    const { id } = await madeUpMove();
    const [, [row] = []] = pages.find(([kind]) => kind === "team") ?? [];
    expectRefusal(await putRows(id, eu, ["team", [row as MovedRow]]), 400, "COM0005");
  });

  test("what is no kind of row is refused", async () => {
    const { id } = await madeUpMove();
    expectRefusal(await putRows(id, eu, ["users", []]), 400, "COM0005");
    expectRefusal(await putRows(id, eu, ["sessions", [good()]]), 400, "COM0005");
  });
});

describe("what is somebody else's here is not taken over", () => {
  let victim: Household;
  const untouched = () =>
    Promise.all(
      [
        "teams",
        "access_tokens",
        "refresh_tokens",
        "roles",
        "members",
        "webhooks",
        "domains",
        "grants",
        "clients",
      ].map((table) => eu.rows(`SELECT * FROM ${table} ORDER BY 1`)),
    );
  beforeAll(async () => {
    victim = await furnish(us);
    await moveTeam(victim.team.id, { from: us, to: eu });
  });

  test("a move that takes nothing from anybody goes through", async () => {
    const move = await madeUpMove();
    expect(await obstacles(move)).toEqual([]);
    expectAnswer(await take(move), 200, "Move");
  });

  const hashOf = (text: string) => hashCredential(text);
  const only =
    (wanted: MovedKind, change: (row: MovedRow) => MovedRow): Edit =>
    (kind, row) =>
      kind === wanted ? change(row) : row;

  const THEFTS: readonly (readonly [string, () => Edit, string])[] = [
    [
      "a team access token, by its hash",
      () => only("team_tokens", (row) => other(row, { 0: hashOf(victim.token.token) }, madeUp("tok"))),
      "taken tokens",
    ],
    [
      "a revoked one, which would live again",
      () => only("team_tokens", (row) => other(row, { 0: hashOf(victim.revoked.token) }, madeUp("tok"))),
      "taken tokens",
    ],
    [
      "a foreign key",
      () => only("team_tokens", (row) => other(row, { 0: hashOf(victim.foreign.text) }, madeUp("tok"))),
      "taken tokens",
    ],
    [
      "an OAuth access token",
      () => only("access_tokens", (row) => other(row, { 0: hashOf(victim.accessToken) }, madeUp("tok"))),
      "taken tokens",
    ],
    [
      "a token, by its id",
      () => only("team_tokens", (row) => other(row, { 0: hashOf(crypto.randomUUID()) }, victim.token.id)),
      "taken",
    ],
    [
      "a refresh token, by its hash",
      () => only("refresh_tokens", (row) => other(row, { 0: hashOf(victim.refreshToken) }, madeUp("rtk"))),
      "changed",
    ],
    ["a slug", () => only("team", (row) => other(row, { 1: victim.team.slug })), "taken slug"],
    [
      "a role",
      () => only("roles", (row) => ({ ...other(row, { 0: "stolen" }), key: victim.role.id })),
      "changed",
    ],
    ["a member's place", () => only("members", (row) => other(row, { 2: "owner" }, victim.member.id)), ""],
    [
      "an endpoint",
      () => only("webhooks", (row) => other(row, { 0: "https://evil.example/" }, victim.webhook.id)),
      "changed",
    ],
    ["a domain", () => only("domains", (row) => other(row, { 2: 1 }, victim.domain.id)), "changed"],
    ["a grant", () => only("grants", (row) => other(row, { 8: 1 }, victim.grant)), "changed"],
    [
      "a client of a team that is here",
      () => only("clients", (row) => other(row, { 1: "stolen" }, victim.client.id)),
      "taken clients",
    ],
  ];

  test.each(THEFTS)("%s", async (_, edit, obstacle) => {
    let isFirst = true;
    const once: Edit = (kind, row) => {
      const edited = edit()(kind, row);
      if (edited === row) return row;
      // Of several rows of the kind, one is enough: two of one key were no rows.
      if (!isFirst) return null;
      isFirst = false;
      return edited;
    };
    const move = await madeUpMove(once);
    const before = await untouched();
    const said = expectRefusal(await take(move), 409, "COM0010").error_description;
    expect(said).toContain(obstacle);
    expect(await untouched()).toEqual(before);
  });

  test("a secret for a client of somebody else", async () => {
    const secret: MovedRow = {
      key: `${hashOf("guess")}:us`,
      row: JSON.stringify([hashOf("guess"), "us", victim.client.id, 1, null]),
    };
    const move = await madeUpMove();
    expectAnswer(await putRows(move.id, eu, ["client_secrets", [secret]]), 200, "Move");
    const before = await eu.rows("SELECT * FROM client_secrets");
    expectObstacle(await take(move), "changed");
    expect(await eu.rows("SELECT * FROM client_secrets")).toEqual(before);
  });

  test.each([
    ["a third region, which knows nothing of it", () => foreignId("in")],
    ["the arriving region itself", () => foreignId("eu")],
    ["no region", () => "cli_zz_0123456789abcdefghjkmnpqrs"],
  ])("a client whose id names %s", async (_, id) => {
    const move = await madeUpMove((kind, row) => (kind === "clients" ? other(row, {}, id()) : row));
    expect(await obstacles(move)).toEqual(["clients_of_another_region"]);
    expectObstacle(await take(move), "clients_of_another_region");
  });

  test("a client of the third region that lives there", async () => {
    const answer = await eu.call("POST", `/v1/teams/${victim.team.id}/clients`, {
      body: clientBody("server"),
    });
    const { client } = expectAnswer(answer, 201, "CreatedClient");
    expect(client.id).toMatch(/^cli_eu_/);
    const move = await madeUpMove((kind, row) => (kind === "clients" ? other(row, {}, client.id) : row));
    expect(await obstacles(move)).toContain("clients_of_another_region");
    expectRefusal(await take(move), 409, "COM0010");
  });

  test("an account, by a member who is said to be it and has another address", async () => {
    await eu.db
      .prepare("INSERT INTO users (id, email, created_at) VALUES (?, ?, 1)")
      .bind(victim.owner.user, victim.owner.email)
      .run();
    const move = await madeUpMove((kind, row) => {
      if (kind !== "members") return row;
      const user = row.row.includes('"owner"') ? victim.owner.user : null;
      return other(row, { 0: `${unique("mallory")}@example.com`, 1: user }, madeUp("mem"));
    });
    expect(await obstacles(move)).toContain("taken accounts");
    expectObstacle(await take(move), "taken accounts");
  });

  test("permissions that nobody knows here: all of them are named at once", async () => {
    const move = await madeUpMove((kind, row) =>
      kind === "roles" ? other(row, { 2: '["EMM.Devices.VIEW","No.Such.THING"]' }, madeUp("rol")) : row,
    );
    expect(await obstacles(move)).toEqual(["permission_unknown No.Such.THING"]);
    const refused = await take(move);
    expectObstacle(refused, "permission_unknown");
    // No error repeats what was sent (contract, section 7).
    expect(refused.text).not.toContain("No.Such.THING");
  });

  test("a team without a row of its own", async () => {
    const move = await madeUpMove();
    expectAnswer(await putRows(move.id, eu, ["team", []]), 200, "Move");
    expectObstacle(await take(move), "incomplete");
  });
});

describe("what somebody imports in a region says nothing about a token of another one", () => {
  test("its text is refused there as before, and it keeps the owner's team from arriving unseen", async () => {
    const mine = await furnish(us);
    const mallory = await furnish(us);
    await moveTeam(mallory.team.id, { from: us, to: eu });
    const keys = [{ name: "mine", hash: hashCredential(mine.token.token), permissions: [VIEW] }];
    const path = `/v1/teams/${mallory.team.id}/imported-keys`;
    expectAnswer(await eu.call("POST", path, { body: { keys } }), 201, "ImportedKeys");
    for (const at of [eu.at, await eu.more({ FRESHNESS_MS: "1000" })]) {
      expect(await check(eu.key, { token: mine.token.token }, { at })).toMatchObject({
        allowed: false,
        reason: "wrong_region",
        region: { code: "us" },
      });
    }
    expectRefusal(
      await eu.call("GET", `/v1/teams/${mallory.team.id}`, { as: mine.token.token }),
      401,
      "TOK0003",
    );
    const { id } = await begin(mine.team.id, { from: us, to: eu });
    await copy(id, { from: us, to: eu });
    expect(await obstacles({ id } as Move)).toEqual(["taken tokens"]);
    expect((await check(us.key, { token: mine.token.token }, { at: us.at })).allowed).toBe(true);
  });

  test("and a foreign key still counts beside moved tokens", async () => {
    const { text } = await importKey(house.team.id, us);
    expect((await check(us.key, { token: text }, { at: us.at })).allowed).toBe(true);
    expect((await check(eu.key, { token: text }, { at: eu.at })).reason).toBe("malformed_token");
  });
});
