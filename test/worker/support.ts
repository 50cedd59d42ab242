import { createExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import * as v from "valibot";
import { expect, vi } from "vitest";
import { createApp } from "../../src/app.ts";
import type { Deps } from "../../src/operations/deps.ts";
import type * as wiring from "../../src/wiring.ts";
import type { RegionCode } from "../../src/domain/region.ts";
import type { CredentialKind } from "../../src/domain/token.ts";
import { hashCredential, makeCredential } from "../../src/operations/credentials.ts";
import { ANSWER_SCHEMAS } from "../../src/routes/api/answer-schemas.ts";
import { apiRoutes } from "../../src/routes/api/table.ts";

export const OPERATOR_KEY = env.OPERATOR_KEY ?? "";
export const ORIGIN = "https://jeton.test";

type AnswerName = keyof typeof ANSWER_SCHEMAS;
export type AnswerBody<Name extends AnswerName> = v.InferOutput<(typeof ANSWER_SCHEMAS)[Name]>;

export interface Sending {
  /** The bearer credential: the operator key when left out, none when null. */
  readonly as?: string | null;
  /** An object is sent as JSON, text and bytes as they are. */
  readonly body?: object | string | Uint8Array | ReadableStream;
  /** Beside the usual ones, or in their place; null leaves one out. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** Another Worker than the one that the file has. */
  readonly at?: Worker;
}

/** Answers a request, as a Worker does. */
export type Worker = (request: Request) => Promise<Response>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** As JSON says it; an empty text is undefined. */
  readonly body: unknown;
}

/** Calls the Worker, and holds every answer to the contract's shapes: nothing else may ever be said. */
export async function call(method: string, path: string, sending: Sending = {}): Promise<Answer> {
  const response = await send(method, path, sending);
  const text = await response.text();
  const answer = {
    status: response.status,
    headers: response.headers,
    text,
    body: text === "" ? undefined : parse(text),
  };
  if (method !== "HEAD") expectContractShape(method, path, answer);
  return answer;
}

/** Calls the Worker and hands back whatever comes. */
export async function send(method: string, path: string, sending: Sending = {}): Promise<Response> {
  const { as = OPERATOR_KEY, body, headers = {}, at } = sending;
  const isRaw = typeof body === "string" || body instanceof Uint8Array || body instanceof ReadableStream;
  const all = {
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    ...(as === null ? {} : { Authorization: `Bearer ${as}` }),
    ...headers,
  };
  const request = new Request(ORIGIN + path, {
    method,
    headers: Object.entries(all).filter(([, value]) => value !== null),
    ...(body === undefined ? {} : { body: isRaw ? body : JSON.stringify(body) }),
  });
  return at === undefined ? exports.default.fetch(request) : at(request);
}

/** Starts another Worker, with nothing cached and settings of its own, over the same storage: an isolate more. */
export async function startWorker(settings: Partial<typeof env> = {}): Promise<Worker> {
  const { depsOf, itsEnv } = await loadIsolate(settings);
  const app = createApp(
    depsOf,
    async () => (await import("../../src/routes/console/serve.tsx")).serveConsole,
  );
  return async (request) => app.fetch(request, itsEnv, createExecutionContext());
}

/** What the operations of an isolate more ask for: nothing of its state is shared with the others. */
export async function startIsolate(settings: Partial<typeof env> = {}): Promise<{ readonly deps: Deps }> {
  const { depsOf, itsEnv } = await loadIsolate(settings);
  return { deps: depsOf(itsEnv) };
}

async function loadIsolate(settings: Partial<typeof env>) {
  started += 1;
  // The query makes it another module to the loader, with a state of its own.
  const path = `../../src/wiring.ts?isolate=${started}`;
  const { depsOf } = (await import(path)) as typeof wiring;
  return { depsOf, itsEnv: { ...env, ...settings } };
}

let started = 0;

type Batch = () => Promise<D1Result[]>;

/** The store, with the test's own hand in each batch and word of each statement that is prepared. */
export function storeWith(batch: (run: Batch) => Promise<D1Result[]>, prepared?: () => void): D1Database {
  return new Proxy(env.DB, {
    get: (db, name) => {
      if (name === "batch") return (list: D1PreparedStatement[]) => batch(() => db.batch(list));
      if (name === "prepare") prepared?.();
      const member: unknown = Reflect.get(db, name);
      return typeof member === "function" ? (member.bind(db) as unknown) : member;
    },
  });
}

/**
 * Takes `Date` into the test's hands, the Worker's and the limiters' too: all run in this isolate. Call it
 * before the first request. The start is far ahead, so that no alarm fires by itself.
 */
export function driveClock(): { advance(milliseconds: number): void } {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2040, 0, 1) });
  return { advance: (milliseconds) => vi.setSystemTime(Date.now() + milliseconds) };
}

/** Expects success, and gives the body as its schema reads it. */
export function expectAnswer<Name extends AnswerName>(
  answer: Answer,
  status: number,
  name: Name,
): AnswerBody<Name> {
  expect(answer.status, answer.text).toBe(status);
  return v.parse(ANSWER_SCHEMAS[name], answer.body) as AnswerBody<Name>;
}

/** Expects a refusal with this status and code, and gives its body. */
export function expectRefusal(answer: Answer, status: number, code: string): AnswerBody<"Error"> {
  const body = v.parse(ANSWER_SCHEMAS.Error, answer.body);
  expect([answer.status, body.error_code], body.error_description).toEqual([status, code]);
  return body;
}

/** How many of the answers have each status. */
export function statusesOf(answers: readonly Answer[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

function expectContractShape(method: string, path: string, answer: Answer): void {
  const { status, headers, body, text } = answer;
  expect(headers.get("Content-Type"), text).toBe("application/json;charset=UTF-8");
  const name = status >= 400 ? "Error" : answerNameOf(method, path);
  const { issues } = v.safeParse(ANSWER_SCHEMAS[name], body);
  expect(
    issues?.map(({ path: at, message }) => [at?.map(({ key }) => key), message]),
    text,
  ).toBeUndefined();
  if (status >= 400) expect(headers.get("Content-Language")).toMatch(/^(?:en|ja|fr|ar|zh|hi|de)$/);
}

function answerNameOf(method: string, path: string): AnswerName {
  const [pathname = ""] = path.split("?");
  const route = apiRoutes.find(
    (candidate) =>
      candidate.method === method &&
      new RegExp(`^${candidate.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(pathname),
  );
  if (route === undefined) throw new Error(`no route answers ${method} ${pathname} with success`);
  return route.answers.body;
}

function parse(text: string): unknown {
  return JSON.parse(text) as unknown;
}

let serial = 0;

/** A name that nothing else in this file has. */
export function unique(prefix: string): string {
  serial += 1;
  return `${prefix}-${serial}`;
}

export async function makeTeam(more: object = {}): Promise<AnswerBody<"Team">["team"]> {
  const slug = unique("team");
  const answer = await call("POST", "/v1/teams", { body: { name: `Team ${slug}`, slug, ...more } });
  return expectAnswer(answer, 201, "CreatedTeam").team;
}

export async function makeService(more: object = {}): Promise<AnswerBody<"CreatedService">> {
  const answer = await call("POST", "/v1/services", { body: { name: unique("service"), ...more } });
  return expectAnswer(answer, 201, "CreatedService");
}

export interface IssuedToken {
  readonly id: string;
  readonly token: string;
  readonly access_token: AnswerBody<"CreatedAccessToken">["access_token"];
}

export async function issue(
  team: string,
  more: object = { permissions: ["EMM.Devices.VIEW"] },
  sending: Sending = {},
): Promise<IssuedToken> {
  const path = `/v1/teams/${team}/access-tokens`;
  const answer = await call("POST", path, { ...sending, body: { name: unique("token"), ...more } });
  const { access_token, token } = expectAnswer(answer, 201, "CreatedAccessToken");
  return { id: access_token.id, token: token ?? "", access_token };
}

export type Verdict = AnswerBody<"Verdict">;

/** Asks as a service, and expects a verdict. */
export async function check(key: string, question: object, sending: Sending = {}): Promise<Verdict> {
  return expectAnswer(
    await call("POST", "/v1/check", { ...sending, as: key, body: question }),
    200,
    "Verdict",
  );
}

/** A credential of the kind that this region's key has sealed; it stands in no table. */
export function sealed(
  kind: CredentialKind,
  { region = "us", key = env.TAG_KEYS ?? "" }: { region?: RegionCode; key?: string } = {},
): string {
  const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  return makeCredential({ randomBytes, region, tagKeys: [key] }, kind);
}

const TOKEN_ROW = {
  kind: "pat",
  name: "stored",
  permissions: '["EMM.Devices.VIEW"]',
  created_at: 0,
  created_by: "operator",
};

/** Puts a token's row into the store by hand, for what no API call makes (yet). */
export async function storeToken(
  team: string,
  row: Readonly<Record<string, string | number | null>> = {},
  token: string = sealed("pat"),
): Promise<string> {
  const id = unique("tok_stored");
  const full = Object.entries({ ...TOKEN_ROW, hash: hashCredential(token), id, team_id: team, ...row });
  const columns = full.map(([column]) => column).join(", ");
  const places = full.map(() => "?").join(", ");
  await env.DB.prepare(`INSERT INTO access_tokens (${columns}) VALUES (${places})`)
    .bind(...full.map(([, value]) => value))
    .run();
  return token;
}

/** The rows of a query, as the store has them. */
export async function rows<Row = Record<string, unknown>>(
  query: string,
  ...bound: unknown[]
): Promise<Row[]> {
  const { results } = await env.DB.prepare(query)
    .bind(...bound)
    .all<Row>();
  return results;
}

/** Everything that the store holds, as one text: what is not in it was not stored. */
export async function wholeStore(): Promise<string> {
  const tables = await rows<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'",
  );
  const dumps = await Promise.all(tables.map(({ name }) => rows(`SELECT * FROM "${name}"`)));
  return JSON.stringify(Object.fromEntries(tables.map(({ name }, index) => [name, dumps[index]])));
}
