import type { LocalDatabase, Runtime } from "../../scripts/local/runtime.ts";
import type { LoadGenerator } from "../rig/load.ts";
import type { Measured } from "../rig/load-messages.ts";
import { median } from "../rig/statistics.ts";
import { digits, ratio } from "../rig/table.ts";
import type { Section } from "../report.ts";
import { hashOf, Jeton, makeToken } from "../world/jeton.ts";
import { jetonWorker, startWorkers } from "../world/runtime.ts";
import type { Builds } from "../world/world.ts";

const FEW = 1_000;
const MANY = 1_000_000;

/** So many rows are written by one statement. */
const CHUNK = 50_000;

/** So many tokens are asked about in each round, once each. */
const ASKED = 1_000;

interface Store {
  readonly runtime: Runtime;
  readonly jeton: Jeton;
  readonly stored: number;
}

export interface StoredTokensOptions {
  readonly rounds: number;
  readonly quick: boolean;
}

/**
 * Latency of one check after the other against a nearly empty and a full store. Cold: all copies of the team's
 * tokens are made to die before each round, so that each check reads the store. Hot: the same tokens again.
 */
export async function measureStoredTokens(
  builds: Builds,
  generator: LoadGenerator,
  { rounds, quick }: StoredTokensOptions,
): Promise<Section> {
  const stores: Store[] = [];
  const results = new Map<string, Measured[]>();
  try {
    for (const stored of [FEW, quick ? MANY / 10 : MANY])
      stores.push(await openStore(builds, generator, stored));
    for (let round = 0; round <= rounds; round += 1) {
      for (const store of stores) {
        const { cold, hot } = await askAll(store, generator);
        // The first round warms up.
        if (round === 0) continue;
        append(results, `${store.stored} cold`, cold);
        append(results, `${store.stored} hot`, hot);
      }
    }
    return present(
      stores.map(({ stored }) => stored),
      results,
    );
  } finally {
    await Promise.all(stores.map(({ runtime }) => runtime.stop()));
  }
}

async function openStore(
  { jeton: script }: Builds,
  generator: LoadGenerator,
  stored: number,
): Promise<Store> {
  const runtime = await startWorkers([await jetonWorker("jeton", script)]);
  try {
    const jeton = await Jeton.setUp(await runtime.directUrl("jeton"));
    const database = await runtime.database("jeton", "DB");
    const asked = Array.from({ length: ASKED }, makeToken);
    await fillTokens(database, jeton.team, asked, stored - asked.length);
    const requests = asked.map((token) => jeton.checkRequest(token));
    generator.define({
      name: String(stored),
      url: jeton.url,
      requests,
      status: 200,
      contains: '"allowed":true',
    });
    return { runtime, jeton, stored };
  } catch (error) {
    await runtime.stop();
    throw error;
  }
}

async function askAll(
  { jeton, stored }: Store,
  generator: LoadGenerator,
): Promise<Record<"cold" | "hot", Measured>> {
  const once = { target: String(stored), connections: 1, atMost: ASKED };
  await jeton.touchTeam();
  // A check that arrives past the freshness bound knows of the change.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const cold = await generator.runOne(once, 60_000);
  return { cold, hot: await generator.runOne(once, 60_000) };
}

/** Stores these tokens, and so many more that nobody knows. */
async function fillTokens(
  database: LocalDatabase,
  team: string,
  tokens: readonly string[],
  others: number,
): Promise<void> {
  const rest = `'pat', ?1, 'Continuous integration', 'profile-1', '["EMM.DeviceCommands.LOCK","EMM.Devices.VIEW"]',
    1767225600000, 'operator'`;
  const columns = "hash, id, kind, team_id, name, profile_id, permissions, created_at, created_by";
  const newId = "'tok_' || lower(hex(randomblob(12)))";
  await database
    .prepare(`INSERT INTO access_tokens (${columns}) SELECT value, ${newId}, ${rest} FROM json_each(?2)`)
    .bind(team, JSON.stringify(tokens.map(hashOf)))
    .run();
  for (let left = others; left > 0; left -= CHUNK) {
    await database
      .prepare(
        `INSERT INTO access_tokens (${columns})
          WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
          SELECT lower(hex(randomblob(32))), ${newId}, ${rest} FROM n`,
      )
      .bind(team, Math.min(CHUNK, left))
      .run();
  }
}

function append(results: Map<string, Measured[]>, name: string, measured: Measured): void {
  results.set(name, [...(results.get(name) ?? []), measured]);
}

function present(stored: readonly number[], results: ReadonlyMap<string, readonly Measured[]>): Section {
  const [few = 0, many = 0] = stored;
  const of = (name: string, value: (measured: Measured) => number): number =>
    median((results.get(name) ?? []).map(value));
  const rows = ["cold", "hot"].flatMap((kind) =>
    stored.map((count) => {
      const name = `${count} ${kind}`;
      const p50 = of(name, (measured) => measured.p50);
      const p99 = of(name, (measured) => measured.p99);
      return [
        `${count} stored, ${kind}`,
        digits(p50),
        digits(p99),
        ratio(p50 / of(`${few} ${kind}`, (measured) => measured.p50)),
        ratio(p99 / of(`${few} ${kind}`, (measured) => measured.p99)),
      ];
    }),
  );
  return {
    title: `Latency of a check by the number of stored tokens (1 connection, ${ASKED} tokens in turn)`,
    head: ["tokens", "p50 ms", "p99 ms", `p50 over ${few}`, `p99 over ${few}`],
    rows,
    notes: ["cold: each check reads the store; hot: none does"],
    bars: ["cold", "hot"].map((kind) => ({
      name: `latency with ${many} stored tokens over ${few}, ${kind} (p50)`,
      value: of(`${many} ${kind}`, ({ p50 }) => p50) / of(`${few} ${kind}`, ({ p50 }) => p50),
      atMost: 1.25,
    })),
  };
}
