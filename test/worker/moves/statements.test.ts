import { beforeAll, describe, expect, test } from "vitest";
import { MOVE_STATEMENT_TYPE, moveClaims, type MoveStatement } from "../../../src/domain/team-move.ts";
import { REGISTRATION_TYPE } from "../../../src/domain/registration.ts";
import { defaultOrigin } from "../../../src/deployments.ts";
import type { Deps } from "../../../src/operations/deps.ts";
import { signJwt } from "../../../src/operations/oauth/sign-jwt.ts";
import { check, issue, makeTeam, type IssuedToken } from "../support.ts";
import {
  begin,
  beginAndCopy,
  confirm,
  digestOf,
  does,
  expectObstacle,
  handOver,
  moveTeam,
  play,
  receive,
  show,
  step,
  type Move,
  type Place,
} from "./support.ts";

/*
 * A region gives a team up and takes one at the other's signed word alone: whoever has an operator key, or drives the
 * move, cannot make a team live twice.
 */

let us: Place;
let eu: Place;
let india: Place;
let keys: Readonly<Record<"us" | "eu" | "in", Deps>>;
beforeAll(async () => {
  [us, eu, india] = [await play("us"), await play("eu"), await play("in")];
  keys = { us: await us.deps(), eu: await eu.deps(), in: await india.deps() };
});

interface Forged extends Partial<MoveStatement> {
  readonly by?: keyof typeof keys;
  readonly claims?: object;
  readonly typ?: string;
}

/** The statement that a region would make of its side, but for what is asked. */
function forge(
  move: Move,
  from: "us" | "eu",
  { by = from, claims = {}, typ = MOVE_STATEMENT_TYPE, ...said }: Forged = {},
): Promise<string> {
  const to = from === "us" ? "eu" : "us";
  const statement = {
    move: move.id,
    team: move.team,
    step: from === "us" ? "handed_over" : "taken",
    startedAt: Date.parse(move.started_at),
    sha256: move.sha256,
    notBefore: from === "us" ? 0 : null,
    ...said,
  } as const;
  const all = {
    iss: defaultOrigin(from),
    aud: defaultOrigin(to),
    iat: 1,
    ...moveClaims(statement),
    ...claims,
  };
  return signJwt(keys[by], all, typ);
}

async function ready(): Promise<{ team: string; token: IssuedToken }> {
  const { id: team } = await makeTeam();
  return { team, token: await issue(team) };
}

async function isAlive({ token }: IssuedToken, { key, at }: Place): Promise<boolean> {
  return (await check(key, { token }, { at })).allowed;
}

/** Unsigned, in the shape of a signed one (RFC 8725, section 2.1). */
function unsigned(jws: string): string {
  const header = btoa(JSON.stringify({ alg: "none", typ: MOVE_STATEMENT_TYPE })).replaceAll("=", "");
  return `${header}.${jws.split(".")[1]}.`;
}

function tampered(jws: string): string {
  const [header, payload = "", signature] = jws.split(".");
  const claims = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))) as { iat: number };
  const other = btoa(JSON.stringify({ ...claims, iat: claims.iat + 1 })).replaceAll("=", "");
  return `${header}.${other}.${signature}`;
}

const OTHER_TEAM = "team_01hzzzzzzzzzzzzzzzzzzzzzzz";
const OTHER_MOVE = "mov_01hzzzzzzzzzzzzzzzzzzzzzzz";

/** What is no word of the other region's about this step of this move. */
const LIES: readonly (readonly [string, (move: Move, from: "us" | "eu") => Promise<string>])[] = [
  ["no statement", async () => "nonsense"],
  ["three parts of nothing", async () => "a.b.c"],
  ["an unsigned one", async (move, from) => unsigned(await forge(move, from))],
  ["one that was tampered with", async (move, from) => tampered(await forge(move, from))],
  ["one signed by a third region", (move, from) => forge(move, from, { by: "in" })],
  [
    "one of a third region in its own name",
    (move, from) => forge(move, from, { by: "in", claims: { iss: defaultOrigin("in") } }),
  ],
  [
    "one signed by the region itself that is to believe it",
    (move, from) => forge(move, from, { by: from === "us" ? "eu" : "us" }),
  ],
  ["one for another region", (move, from) => forge(move, from, { claims: { aud: defaultOrigin("in") } })],
  ["one without a receiver", (move, from) => forge(move, from, { claims: { aud: undefined } })],
  ["one about another move", (move, from) => forge(move, from, { move: OTHER_MOVE })],
  ["one about another team", (move, from) => forge(move, from, { team: OTHER_TEAM })],
  ["a JWT of another kind", (move, from) => forge(move, from, { typ: REGISTRATION_TYPE })],
  ["one with no claims of a move", (move, from) => forge(move, from, { claims: { move: null } })],
  ["one of a step that there is not", (move, from) => forge(move, from, { step: "confirmed" as "taken" })],
];

describe("a team is not taken at", () => {
  let at: Awaited<ReturnType<typeof ready>>;
  let move: Move;
  beforeAll(async () => {
    at = await ready();
    move = await handOver(at.team, { from: us, to: eu });
  });

  test.each([
    ...LIES,
    ["the word that it was taken", (m: Move) => forge(m, "us", { step: "taken" })] as const,
    ["the word that it was declined", (m: Move) => forge(m, "us", { step: "declined" })] as const,
    ["word of a move that began at another time", (m: Move) => forge(m, "us", { startedAt: 1 })] as const,
  ])("%s", async (_, make) => {
    expectObstacle(await step(eu, move.id, "take", { statement: await make(move, "us") }), "statement");
    expect(await eu.rows("SELECT id FROM teams WHERE id = ?", at.team)).toEqual([]);
  });

  test("the word that something else was handed over than has arrived", async () => {
    const statement = await forge(move, "us", { sha256: "0".repeat(64) });
    expectObstacle(await step(eu, move.id, "take", { statement }), "differs");
  });

  test("a word by which it would wait for longer than clocks can differ", async () => {
    const statement = await forge(move, "us", { notBefore: Date.now() + 60_000 });
    expectObstacle(await step(eu, move.id, "take", { statement }), "not_before");
  });

  test("but at the very one that the other region gave, after all of that", async () => {
    await does(eu, move.id, "take", { statement: move.statement });
    expect([await isAlive(at.token, us), await isAlive(at.token, eu)]).toEqual([false, true]);
  });
});

describe("what a team had is not forgotten, and no team taken back, at", () => {
  let at: Awaited<ReturnType<typeof ready>>;
  let move: Move;
  beforeAll(async () => {
    at = await ready();
    move = await moveTeam(at.team, { from: us, to: eu });
  });

  test.each(LIES)("%s", async (_, make) => {
    const statement = await make(move, "eu");
    expectObstacle(await step(us, move.id, "confirm", { statement }), "statement");
    expectObstacle(await step(us, move.id, "cancel", { statement }), "statement");
    expect((await show(us, move.id)).state).toBe("handed_over");
  });

  test("the word of the other step", async () => {
    const declined = await forge(move, "eu", { step: "declined", sha256: null });
    expectObstacle(await step(us, move.id, "confirm", { statement: declined }), "statement");
    const { statement: taken } = await show(eu, move.id);
    expectObstacle(await step(us, move.id, "cancel", { statement: taken }), "statement");
    expectObstacle(await step(us, move.id, "cancel"), "statement");
    expectObstacle(await step(us, move.id, "confirm", { statement: move.statement }), "statement");
  });

  test("the word that something else was taken than was handed over", async () => {
    const statement = await forge(move, "eu", { sha256: "0".repeat(64) });
    expectObstacle(await step(us, move.id, "confirm", { statement }), "statement");
  });

  test("but at the other region's word", async () => {
    expect((await confirm(move, { from: us, to: eu })).state).toBe("confirmed");
    expect((await confirm(move, { from: us, to: eu })).state).toBe("confirmed");
    expect(await isAlive(at.token, eu)).toBe(true);
  });
});

describe("a step that comes out of turn", () => {
  test("a team that was not handed over is not taken: there is no word of it to have", async () => {
    const { team, token } = await ready();
    const { id } = await beginAndCopy(team, { from: us, to: eu });
    expect((await show(us, id)).statement).toBeNull();
    expectObstacle(await step(eu, id, "take", { statement: "x" }), "statement");
    expect(await isAlive(token, us)).toBe(true);
  });

  test("the arriving side hands nothing over, and the leaving one takes nothing", async () => {
    const { team } = await ready();
    const { id } = await beginAndCopy(team, { from: us, to: eu });
    const { sha256 } = await digestOf(eu, id);
    expectObstacle(await step(eu, id, "hand-over", { sha256 }), "state_receiving");
    expectObstacle(await step(eu, id, "freeze"), "state_receiving");
    expectObstacle(await step(eu, id, "cancel"), "state_receiving");
    expectObstacle(await step(us, id, "take", { statement: "x" }), "state_copying");
    expectObstacle(await step(us, id, "decline"), "state_copying");
    expectObstacle(await step(us, id, "confirm", { statement: "x" }), "state_copying");
    expectObstacle(await us.call("POST", `/v1/moves/${id}/invitations`), "state_copying");
  });

  test("an old word is worth nothing once the move was called off, nor for the next move", async () => {
    const { team, token } = await ready();
    const old = await handOver(team, { from: us, to: eu });
    const declined = await does(eu, old.id, "decline");
    expectObstacle(await step(eu, old.id, "take", { statement: old.statement }), "state_declined");
    await does(us, old.id, "cancel", { statement: declined.statement });
    expect((await show(us, old.id)).statement).toBeNull();
    expect((await receive(old, eu)).status).toBe(200);
    expectObstacle(await step(eu, old.id, "take", { statement: old.statement }), "state_declined");

    const next = await beginAndCopy(team, { from: us, to: eu });
    expect(next.id).not.toBe(old.id);
    expectObstacle(await step(eu, next.id, "take", { statement: old.statement }), "statement");
    expect([await isAlive(token, us), await isAlive(token, eu)]).toEqual([true, false]);

    const { sha256 } = await digestOf(eu, next.id);
    await does(us, next.id, "hand-over", { sha256 });
    // The word by which the first move was called off calls off no other one.
    expectObstacle(await step(us, next.id, "cancel", { statement: declined.statement }), "statement");
  });

  test("a region does not get ready for a team that is there, nor for itself, nor for what has no id of ours", async () => {
    const { team } = await ready();
    const move = await begin(team, { from: us, to: eu });
    const about = { team, from: "eu", started_at: move.started_at };
    expectObstacle(await us.call("PUT", `/v1/moves/${OTHER_MOVE}`, { body: about }), "is_here");
    const self = await us.call("PUT", `/v1/moves/${OTHER_MOVE}`, { body: { ...about, from: "us" } });
    expect(self.status).toBe(400);
    const odd = await eu.call("PUT", "/v1/moves/mov_x", { body: { ...about, from: "us" } });
    expect(odd.status).toBe(404);
    expectObstacle(await receive({ ...move, team: OTHER_TEAM }, eu), "another_move");
    expectObstacle(await receive({ ...move, id: OTHER_MOVE }, eu), "another_move");
  });
});
