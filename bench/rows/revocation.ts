import { setTimeout as sleep } from "node:timers/promises";
import { Asker } from "../rig/connection.ts";
import type { LoadGenerator } from "../rig/load.ts";
import { spreadOf } from "../rig/statistics.ts";
import { digits } from "../rig/table.ts";
import type { Section } from "../report.ts";
import { PERMISSION, STRICT_PERMISSION, type IssuedToken } from "../world/jeton.ts";
import type { World } from "../world/world.ts";

/** The contract's freshness bound, in milliseconds: `FRESHNESS_MS` is left at its default. */
const BOUND_MS = 1_000;

const WATCHED_BEFORE_MS = 200;
const WATCHED_AFTER_MS = BOUND_MS + 300;

/** Between the starts of two revocations. */
const EVERY_MS = 150;

/** Connections to each of the two Workers, each asking about the watched tokens in turn. */
const WATCHERS = 4;

/** A denied check is an audit event in the store: asked as often as the others, it would slow them down. */
const DENIED_EVERY_MS = 100;

/** Connections to each of the two Workers that only keep it busy. */
const BACKGROUND = 2;

interface Watched {
  readonly question: string;
  /** When the revocation's answer was read, by this process's clock; infinite until then. */
  answeredAt: number;
  /** What that answer said, by the wall clock that this process and the Workers share. */
  effectiveBy: number;
  /** When the last check that was allowed had been sent. */
  lastAllowedAt: number;
  allowedAfterAnswer: number;
  allowedAfterEffectiveBy: number;
  checksAfterAnswer: number;
}

/**
 * Revokes tokens one by one while two Workers, which share nothing but the database, are asked about them
 * without pause. A check counts as received when it was sent and a revocation as answered when the answer had
 * been read: an acceptance that is too late by these clocks was too late by any.
 */
export async function measureRevocations(
  world: World,
  generator: LoadGenerator,
  { count, strictCount }: { count: number; strictCount: number },
): Promise<Section> {
  const { jeton } = world;
  const plain = await jeton.issueMany(count);
  const strict = await jeton.issueMany(strictCount, {
    permissions: [PERMISSION, STRICT_PERMISSION, "EMM.Devices.VIEW"],
  });
  const stopLoad = await keepBusy(world, generator);
  try {
    // One kind after the other: a strict check takes longer, and would hold up the others.
    const ordinary = await revokeAll(world, plain, PERMISSION);
    return present(ordinary, await revokeAll(world, strict, STRICT_PERMISSION));
  } finally {
    await stopLoad();
  }
}

async function revokeAll(
  world: World,
  tokens: readonly IssuedToken[],
  permission: string,
): Promise<readonly Watched[]> {
  const watched = new Map<string, Watched>();
  const stopWatching = watch(world, watched);
  try {
    const revocations = tokens.map(async (token, index) => {
      await sleep(index * EVERY_MS);
      return revokeUnderWatch(world, watched, token, permission);
    });
    return await Promise.all(revocations);
  } finally {
    await stopWatching();
  }
}

async function revokeUnderWatch(
  { jeton, twinUrl }: World,
  watched: Map<string, Watched>,
  token: IssuedToken,
  permission: string,
): Promise<Watched> {
  const entry: Watched = {
    question: jeton.checkRequest(token.text, [permission]),
    answeredAt: Number.POSITIVE_INFINITY,
    effectiveBy: Number.POSITIVE_INFINITY,
    lastAllowedAt: Number.NEGATIVE_INFINITY,
    allowedAfterAnswer: 0,
    allowedAfterEffectiveBy: 0,
    checksAfterAnswer: 0,
  };
  watched.set(token.id, entry);
  await sleep(WATCHED_BEFORE_MS);
  // Now by one Worker, now by the other.
  const asker = new Asker(Math.random() < 0.5 ? jeton.url : twinUrl);
  const { status, text } = await asker.ask(jeton.revokeRequest(token.id));
  entry.answeredAt = performance.now();
  asker.close();
  if (status !== 200) throw new Error(`a revocation was answered ${status}: ${text}`);
  const { effective_by: effectiveBy } = JSON.parse(text) as { effective_by: string };
  entry.effectiveBy = Date.parse(effectiveBy);
  await sleep(WATCHED_AFTER_MS);
  watched.delete(token.id);
  return entry;
}

/** @returns what ends it */
function watch({ jeton, twinUrl }: World, watched: ReadonlyMap<string, Watched>): () => Promise<void> {
  const end = new AbortController();
  const lanes = [jeton.url, twinUrl].flatMap((url) =>
    Array.from({ length: WATCHERS }, async () => {
      const asker = new Asker(url);
      const deniedAt = new WeakMap<Watched, number>();
      while (!end.signal.aborted) {
        const now = performance.now();
        const due = [...watched.values()].filter(
          (entry) => now - (deniedAt.get(entry) ?? 0) > DENIED_EVERY_MS,
        );
        if (due.length === 0) await sleep(5);
        for (const entry of due) if (!(await askAbout(asker, entry))) deniedAt.set(entry, performance.now());
      }
      asker.close();
    }),
  );
  return async () => {
    end.abort();
    await Promise.all(lanes);
  };
}

/** @returns whether it was allowed */
async function askAbout(asker: Asker, entry: Watched): Promise<boolean> {
  const sentAt = performance.now();
  const sentAtWall = Date.now();
  const { status, text } = await asker.ask(entry.question);
  if (status !== 200) throw new Error(`a check was answered ${status}: ${text}`);
  const isAfter = sentAt > entry.answeredAt;
  if (isAfter) entry.checksAfterAnswer += 1;
  if (!text.includes('"allowed":true')) return false;
  entry.lastAllowedAt = Math.max(entry.lastAllowedAt, sentAt);
  if (isAfter) entry.allowedAfterAnswer += 1;
  if (sentAtWall > entry.effectiveBy) entry.allowedAfterEffectiveBy += 1;
  return true;
}

/** @returns what ends it */
async function keepBusy({ jeton, twinUrl }: World, generator: LoadGenerator): Promise<() => Promise<void>> {
  const tokens = await jeton.issueMany(20);
  const requests = tokens.map(({ text }) => jeton.checkRequest(text));
  const end = new AbortController();
  for (const [name, url] of [
    ["busy", jeton.url],
    ["busy twin", twinUrl],
  ] as const) {
    generator.define({ name, url, requests, status: 200, contains: '"allowed":true' });
  }
  const load = (async () => {
    while (!end.signal.aborted) {
      await generator.run(
        ["busy", "busy twin"].map((target) => ({ target, connections: BACKGROUND })),
        250,
      );
    }
  })();
  return async () => {
    end.abort();
    await load;
  };
}

function present(plain: readonly Watched[], strict: readonly Watched[]): Section {
  const late = (entries: readonly Watched[]): number =>
    entries.filter(({ lastAllowedAt, answeredAt }) => lastAllowedAt - answeredAt > BOUND_MS).length;
  const kinds = [
    { name: "ordinary permission", entries: plain },
    { name: "strict permission", entries: strict },
  ];
  const sum = (entries: readonly Watched[], of: (entry: Watched) => number): number =>
    entries.reduce((total, entry) => total + of(entry), 0);
  const rows = kinds.map(({ name, entries }) => {
    // Never accepted after the answer: 0, whenever the last one was before it.
    const spread = spreadOf(
      entries.map(({ lastAllowedAt, answeredAt }) => Math.max(0, lastAllowedAt - answeredAt)),
    );
    return [
      name,
      String(entries.length),
      String(sum(entries, ({ checksAfterAnswer }) => checksAfterAnswer)),
      digits(spread.median),
      digits(spread.max),
      String(late(entries)),
      String(sum(entries, ({ allowedAfterEffectiveBy }) => allowedAfterEffectiveBy)),
    ];
  });
  return {
    title: "From revoke's answer to the last check that was accepted, on two Workers under load",
    head: [
      "revoked while asked about",
      "revocations",
      "checks after",
      "p50 ms",
      "max ms",
      `later than ${BOUND_MS} ms`,
      "after effective_by",
    ],
    rows,
    notes: [
      "both ends by the asking process's clock: when the check was sent, when revoke's answer was read",
    ],
    bars: [
      { name: "checks accepted past the freshness bound", value: late(plain), atMost: 0 },
      {
        name: "checks accepted after effective_by",
        value: sum([...plain, ...strict], ({ allowedAfterEffectiveBy }) => allowedAfterEffectiveBy),
        atMost: 0,
      },
      {
        name: "strict checks accepted after revoke's answer",
        value: sum(strict, ({ allowedAfterAnswer }) => allowedAfterAnswer),
        atMost: 0,
      },
    ],
  };
}
