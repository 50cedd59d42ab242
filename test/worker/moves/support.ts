import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import type { RegionCode } from "../../../src/domain/region.ts";
import { MOVED_KINDS, type MovedKind, type MovedRow } from "../../../src/domain/team-move.ts";
import { defaultOrigin } from "../../../src/deployments.ts";
import type { Deps } from "../../../src/operations/deps.ts";
import {
  call,
  expectAnswer,
  expectRefusal,
  startIsolate,
  startWorker,
  type Answer,
  type AnswerBody,
  type Sending,
  type Worker,
} from "../support.ts";

declare global {
  namespace Cloudflare {
    interface Env {
      /** Stores of the regions that are played beside the one that all other tests know. */
      readonly EU_DB: D1Database;
      readonly IN_DB: D1Database;
    }
  }
}

export type Move = AnswerBody<"Move">["move"];

/** A region with a store, a journal and limiters of its own. */
export interface Place {
  readonly code: RegionCode;
  readonly db: D1Database;
  readonly at: Worker;
  /** A key of a service there, that asks about tokens. */
  readonly key: string;
  /** Another isolate over the same. @param more settings */
  more(more?: Partial<typeof env>): Promise<Worker>;
  /** What the operations of yet another isolate ask for. */
  deps(): Promise<Deps>;
  call(method: string, path: string, sending?: Sending): Promise<Answer>;
  rows<Row = Record<string, unknown>>(query: string, ...bound: unknown[]): Promise<Row[]>;
}

const STORES = { us: env.DB, eu: env.EU_DB, in: env.IN_DB } as const;

const places = new Map<string, Place>();

/** What others than regions answer, by the URL that is asked for. */
export const outside = new Map<string, () => Response>();

/** What is sent to a region's address goes there. */
vi.stubGlobal("fetch", async (request: Request) => {
  const other = outside.get(request.url);
  if (other !== undefined) return other();
  const place = places.get(new URL(request.url).origin);
  if (place === undefined) throw new Error("nobody is there");
  return place.at(request);
});

/**
 * Plays a region. `us` is the one that the helpers of other tests write to; nothing is cached anywhere, so that a
 * test need not wait for what another isolate wrote.
 */
export async function play(code: keyof typeof STORES): Promise<Place> {
  const db = STORES[code];
  if (code !== "us") await applyD1Migrations(db, env.MIGRATIONS);
  const settings: Partial<typeof env> = {
    REGION: code,
    DB: db,
    FRESHNESS_MS: "0",
    ...(code === "us"
      ? {}
      : {
          JOURNAL: named(code, env.JOURNAL),
          LIMITER: named(code, env.LIMITER),
          OPERATOR_KEY: env.OPERATOR_KEY,
        }),
  };
  const at = await startWorker(settings);
  const answer = await call("POST", "/v1/services", { at, body: { name: `service of ${code}` } });
  const { key } = expectAnswer(answer, 201, "CreatedService");
  const place: Place = {
    code,
    db,
    at,
    key,
    more: (more = {}) => startWorker({ ...settings, ...more }),
    deps: async () => (await startIsolate(settings)).deps,
    call: (method, path, sending = {}) => call(method, path, { at, ...sending }),
    rows: async <Row>(query: string, ...bound: unknown[]) =>
      (
        await db
          .prepare(query)
          .bind(...bound)
          .all<Row>()
      ).results,
  };
  places.set(defaultOrigin(code), place);
  return place;
}

/** A namespace whose objects are none of the other regions'. */
function named<T extends Rpc.DurableObjectBranded>(
  code: string,
  namespace: DurableObjectNamespace<T>,
): DurableObjectNamespace<T> {
  return new Proxy(namespace, {
    get: (target, name) => {
      if (name === "idFromName") return (text: string) => target.idFromName(`${code} ${text}`);
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
}

export interface Way {
  readonly from: Place;
  readonly to: Place;
}

/** Begins a move on both sides. */
export async function begin(team: string, { from, to }: Way): Promise<Move> {
  const body = { to: to.code };
  const { move } = expectAnswer(await from.call("POST", `/v1/teams/${team}/moves`, { body }), 201, "Move");
  expectAnswer(await receive(move, to), 200, "Move");
  return move;
}

export function receive({ id, team, from, started_at }: Move, to: Place): Promise<Answer> {
  return to.call("PUT", `/v1/moves/${id}`, { body: { team, from, started_at } });
}

/** All rows of a move, page by page, as the region hands them out. */
export async function readAll(id: string, from: Place): Promise<[MovedKind, MovedRow[]][]> {
  const all: [MovedKind, MovedRow[]][] = [];
  for (const kind of MOVED_KINDS) {
    const rows: MovedRow[] = [];
    let after: string | null = "";
    while (after !== null) {
      const range: string = new URLSearchParams({ kind, after }).toString();
      const page: AnswerBody<"MovedRows"> = expectAnswer(
        await from.call("GET", `/v1/moves/${id}/rows?${range}`),
        200,
        "MovedRows",
      );
      rows.push(...page.rows);
      after = page.until;
    }
    all.push([kind, rows]);
  }
  return all;
}

/** Puts rows aside where they arrive: all of that kind, in the place of all that had arrived. */
export function putRows(
  id: string,
  to: Place,
  [kind, rows]: readonly [string, readonly MovedRow[]],
): Promise<Answer> {
  return to.call("PUT", `/v1/moves/${id}/rows`, { body: { kind, after: "", until: null, rows } });
}

export async function copy(id: string, { from, to }: Way): Promise<void> {
  for (const page of await readAll(id, from)) expectAnswer(await putRows(id, to, page), 200, "Move");
}

export function step(at: Place, id: string, name: string, body: object = {}): Promise<Answer> {
  return at.call("POST", `/v1/moves/${id}/${name}`, { body });
}

/** Expects that a move does not go on, for this reason. */
export function expectObstacle(answer: Answer, obstacle: string): void {
  const { error_description: said } = expectRefusal(answer, 409, "COM0010");
  expect(said).toBe(`The move cannot go on: ${obstacle}.`);
}

/** A step that succeeds. */
export async function does(at: Place, id: string, name: string, body: object = {}): Promise<Move> {
  return expectAnswer(await step(at, id, name, body), 200, "Move").move;
}

export async function show(at: Place, id: string): Promise<Move> {
  return expectAnswer(await at.call("GET", `/v1/moves/${id}`), 200, "Move").move;
}

export async function digestOf(at: Place, id: string): Promise<AnswerBody<"MoveDigest">> {
  return expectAnswer(await at.call("GET", `/v1/moves/${id}/digest`), 200, "MoveDigest");
}

/** Copies while the team stands still. @returns the move, with all there to be handed over */
export async function beginAndCopy(team: string, way: Way): Promise<Move> {
  const move = await begin(team, way);
  await does(way.from, move.id, "freeze");
  await copy(move.id, way);
  return move;
}

/** Up to where the team lives nowhere: given up, and not yet taken. */
export async function handOver(team: string, way: Way): Promise<Move> {
  const { id } = await beginAndCopy(team, way);
  const { sha256 } = await digestOf(way.to, id);
  return does(way.from, id, "hand-over", { sha256 });
}

/** The whole of it; what the leaving region says at the end. */
export async function moveTeam(team: string, way: Way): Promise<Move> {
  const move = await handOver(team, way);
  await does(way.to, move.id, "take", { statement: move.statement });
  return move;
}

export async function confirm(move: Move, { from, to }: Way): Promise<Move> {
  const { statement } = await show(to, move.id);
  return does(from, move.id, "confirm", { statement });
}

/**
 * Another isolate of a region, whose first change waits until the test lets it go: something else happens
 * between what it read and what it writes.
 */
export async function held({
  db,
  more,
}: Place): Promise<{ at: Worker; reached: Promise<void>; release(): void }> {
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const changes = new WeakSet<D1PreparedStatement>();
  const DB = new Proxy(db, {
    get: (target, name) => {
      if (name === "prepare") return (query: string) => noted(target.prepare(query), query, changes);
      if (name === "batch") {
        return async (list: D1PreparedStatement[]) => {
          if (list.some((statement) => changes.has(statement))) {
            reach();
            await released;
          }
          return target.batch(list);
        };
      }
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
  return { at: await more({ DB }), reached, release };
}

/** Remembers a statement that belongs to a change, since each leaves an audit row; binding makes another one of it. */
function noted(
  statement: D1PreparedStatement,
  query: string,
  changes: WeakSet<D1PreparedStatement>,
): D1PreparedStatement {
  if (!/^insert into "audit_events"/i.test(query)) return statement;
  changes.add(statement);
  const bind = statement.bind.bind(statement);
  statement.bind = (...values) => {
    const bound = bind(...values);
    changes.add(bound);
    return bound;
  };
  return statement;
}
