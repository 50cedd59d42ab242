import type { LoadGenerator } from "../rig/load.ts";
import type { Target } from "../rig/load-messages.ts";
import { renderRequest } from "../rig/request.ts";
import { interleave, type Slice } from "../rig/rounds.ts";
import { median, spreadOf } from "../rig/statistics.ts";
import { digits, ratio } from "../rig/table.ts";
import type { Bar, Section } from "../report.ts";
import { forgeToken } from "../world/jeton.ts";
import { obtainApiKey, obtainOAuthToken, startIntrospector, type Introspector } from "../world/peers.ts";
import type { World } from "../world/world.ts";

/** One line of the table: who is asked what, and whose rate it is compared with. */
interface Subject {
  /** The name by which it is chosen. */
  readonly row: string;
  readonly target: Target;
  /** Name of the target that does the same without the work in question; null: a baseline. */
  readonly over: string | null;
  readonly remark: string;
}

/** Enough to keep one thread busy, and few enough that the time is spent on answering. */
export const CONNECTIONS = 16;

export const THROUGHPUT_ROWS = ["check", "forward-auth", "issue", "guard", "flood", "peers"];

/** So many hot tokens are asked about in turn. */
const HOT_TOKENS = 100;
const FORGED_TOKENS = 5_000;

export interface ThroughputOptions {
  readonly rows: readonly string[];
  readonly rounds: number;
  readonly sliceMs: number;
  readonly onRound: (round: number) => void;
}

/** Requests per second of everything that answers over HTTP, from one interleaved run. */
export async function measureThroughput(
  world: World,
  generator: LoadGenerator,
  options: ThroughputOptions,
): Promise<Section> {
  const introspector = options.rows.includes("peers") ? await startIntrospector() : null;
  try {
    const all = [...(await ownSubjects(world)), ...(await peerSubjects(world, introspector))];
    const subjects = all.filter((subject) => isNeeded(subject, all, options.rows));
    for (const { target } of subjects) generator.define(target);
    const contenders = subjects.map(({ target: { name, url } }) => ({
      name,
      bursts: [{ target: name, connections: CONNECTIONS }] as const,
      pid: url === introspector?.url ? introspector.pid : world.pid,
    }));
    return present(subjects, await interleave(generator, contenders, options));
  } finally {
    await introspector?.stop();
  }
}

/** Chosen itself, or a baseline of one that is. */
function isNeeded({ row, target }: Subject, all: readonly Subject[], rows: readonly string[]): boolean {
  return rows.includes(row) || all.some((other) => rows.includes(other.row) && other.over === target.name);
}

async function ownSubjects({ jeton, trivialUrl, bareUrl, guardedUrl }: World): Promise<Subject[]> {
  const tokens = (await jeton.issueMany(HOT_TOKENS)).map(({ text }) => text);
  const checks = tokens.map((token) => jeton.checkRequest(token));
  const forwards = tokens.map((token) => jeton.forwardAuthRequest(token));
  const toDevice = (path: string): string[] =>
    tokens.map((token) =>
      renderRequest({
        method: "GET",
        path: `${path}/${jeton.team}/dev_000000000000000000000001`,
        headers: { Authorization: `Bearer ${token}` },
      }),
    );
  const forged = Array.from({ length: FORGED_TOKENS }, () => jeton.checkRequest(forgeToken()));
  const allowed = { status: 200, contains: '"allowed":true' };
  const found = { status: 200, contains: "Field tablet" };
  const ownCheck = renderRequest({ method: "GET", path: "/" });
  return [
    {
      row: "check",
      over: null,
      target: { name: "nothing", url: trivialUrl, requests: [ownCheck], status: 200, contains: "ok" },
      remark: "a Worker without a framework: what the rig can ask at most",
    },
    {
      row: "check",
      over: null,
      target: { name: "bare POST", url: bareUrl, requests: checks.map(toBare("/v1/check")), ...allowed },
      remark: "Hono: the same request, body parsed, as many bytes of JSON back",
    },
    {
      row: "check",
      over: "bare POST",
      target: { name: "POST /v1/check", url: jeton.url, requests: checks, ...allowed },
      remark: "hot token, over HTTP",
    },
    {
      row: "flood",
      over: "bare POST",
      target: {
        name: "forged tokens",
        url: jeton.url,
        requests: forged,
        status: 200,
        contains: "unknown_token",
      },
      remark: "POST /v1/check, right checksum, wrong tag, each seen once in a while",
    },
    {
      row: "forward-auth",
      over: null,
      target: {
        name: "bare GET",
        url: bareUrl,
        requests: forwards.map(toBare("/v1/forward-auth")),
        ...allowed,
      },
      remark: "Hono: the same request, a little JSON back",
    },
    {
      row: "forward-auth",
      over: "bare GET",
      target: {
        name: "GET /v1/forward-auth",
        url: jeton.url,
        requests: forwards,
        status: 200,
        contains: "{}",
      },
      remark: "hot token; answers in headers",
    },
    {
      row: "issue",
      over: "bare POST",
      target: {
        name: "bare POST + insert",
        url: bareUrl,
        requests: [renderRequest({ path: "/insert", body: { token: tokens[0], team: jeton.team } })],
        status: 201,
        contains: '"id"',
      },
      remark: "Hono: one D1 insert",
    },
    {
      row: "issue",
      over: "bare POST + insert",
      target: {
        name: "issue a token",
        url: jeton.url,
        requests: [jeton.issueRequest()],
        status: 201,
        contains: '"token":"jtn_pat_',
      },
      remark: "POST access-tokens: the team is read, then token, audit event and all of it in one batch",
    },
    {
      row: "guard",
      over: null,
      target: { name: "open route", url: guardedUrl, requests: toDevice("/open/memory"), ...found },
      remark: "an API owner's Hono route that only answers",
    },
    {
      row: "guard",
      over: "open route",
      target: { name: "guarded route", url: guardedUrl, requests: toDevice("/guarded/memory"), ...found },
      remark: "the same behind jeton/guard, over a service binding",
    },
    {
      row: "guard",
      over: "open route",
      target: { name: "anyone's route", url: guardedUrl, requests: toDevice("/anyone/memory"), ...found },
      remark: "the same guard, but whom it asks says yes at once: the price of any call over a binding",
    },
    {
      row: "guard",
      over: null,
      target: { name: "open route + read", url: guardedUrl, requests: toDevice("/open/database"), ...found },
      remark: "an API owner's Hono route that reads its device from D1",
    },
    {
      row: "guard",
      over: "open route + read",
      target: {
        name: "guarded route + read",
        url: guardedUrl,
        requests: toDevice("/guarded/database"),
        ...found,
      },
      remark: "the same behind jeton/guard, over a service binding",
    },
  ];
}

async function peerSubjects({ peers }: World, introspector: Introspector | null): Promise<Subject[]> {
  if (peers === null || introspector === null) return [];
  const oauthToken = await obtainOAuthToken(peers.oauthUrl);
  const apiKey = await obtainApiKey(peers.apiKeyUrl);
  const introspection = (path: string): string =>
    renderRequest({
      path,
      headers: { Authorization: introspector.authorization },
      form: { token: introspector.token },
    });
  const allowed = { status: 200, contains: '"allowed":true' };
  const active = { url: introspector.url, status: 200, contains: '"active":true' };
  return [
    {
      row: "peers",
      over: "bare POST",
      target: {
        name: "workers-oauth-provider",
        url: peers.oauthUrl,
        requests: [
          renderRequest({
            method: "GET",
            path: "/api/devices",
            headers: { Authorization: `Bearer ${oauthToken}` },
          }),
        ],
        ...allowed,
      },
      remark: "protects a route of its own Worker, so no second request; reads KV at each call; no limits",
    },
    {
      row: "peers",
      over: "bare POST",
      target: {
        name: "better-auth API key",
        url: peers.apiKeyUrl,
        requests: [renderRequest({ path: "/verify", body: { key: apiKey } })],
        ...allowed,
      },
      remark: "verifyApiKey behind Hono on D1; reads and writes the key at each call; its limits are off",
    },
    {
      row: "peers",
      over: null,
      target: { name: "bare POST on Node", requests: [introspection("/bare")], ...active },
      remark: "node:http, the form parsed; the baseline of the next line alone",
    },
    {
      row: "peers",
      over: "bare POST on Node",
      target: { name: "oidc-provider", requests: [introspection("/token/introspection")], ...active },
      remark: "introspection of an opaque token kept in memory; on Node, in one process",
    },
  ];
}

function toBare(path: string): (request: string) => string {
  return (request) => request.replace(path, "/check");
}

function present(subjects: readonly Subject[], results: ReadonlyMap<string, readonly Slice[]>): Section {
  const rates = (name: string): number[] => (results.get(name) ?? []).map(({ perSecond }) => perSecond);
  const cpu = (name: string): number =>
    median((results.get(name) ?? []).map(({ cpuPerAnswer }) => cpuPerAnswer ?? Number.NaN));
  const ratioOf = (name: string, over: string): number => median(rates(name)) / median(rates(over));
  const rows = subjects.map(({ target: { name }, over, remark }) => {
    const measured = results.get(name) ?? [];
    const rate = spreadOf(rates(name));
    const each =
      over === null ? [] : rates(name).map((value, round) => value / (rates(over)[round] ?? Number.NaN));
    const range = spreadOf(each);
    return [
      name,
      digits(rate.median),
      `${digits(rate.min)}-${digits(rate.max)}`,
      over === null ? "1" : ratio(ratioOf(name, over)),
      over === null ? "" : `${ratio(range.low)}-${ratio(range.high)}`,
      digits(cpu(name)),
      over === null ? "" : ratio(cpu(over) / cpu(name)),
      digits(median(measured.map(({ p50 }) => p50))),
      digits(median(measured.map(({ p99 }) => p99))),
      over === null ? remark : `over ${over}; ${remark}`,
    ];
  });
  const bars: Bar[] = [];
  const bar = (name: string, over: string, atLeast: number): void => {
    if (results.has(name) && results.has(over)) {
      bars.push({ name: `${name} over ${over}`, value: ratioOf(name, over), atLeast });
    }
  };
  bar("POST /v1/check", "bare POST", 0.75);
  bar("POST /v1/check", "workers-oauth-provider", 2.4);
  bar("guarded route", "open route", 0.85);
  bar("guarded route + read", "open route + read", 0.85);
  bar("forged tokens", "bare POST", 0.6);
  return {
    title: `Requests per second (${CONNECTIONS} connections)`,
    head: [
      "subject",
      "median/s",
      "min-max",
      "ratio",
      "quartiles",
      "CPU us",
      "by CPU",
      "p50 ms",
      "p99 ms",
      "remark",
    ],
    rows,
    notes: [
      "ratio: of the medians; quartiles: of the ratios of each round",
      "CPU us: processor time of the serving process for each answer; by CPU: the ratio that it gives, which hardly depends on what else the machine does",
    ],
    bars,
  };
}
