import { readFileSync } from "node:fs";
import { unstable_readConfig as readConfig } from "wrangler";
import { describe, expect, test } from "vitest";
import { CONFIG } from "../../scripts/local/build.ts";
import { checkRegions, environmentOf, writeRegions } from "../../scripts/regions/environments.ts";
import { writeTable, type TomlTable } from "../../scripts/regions/toml.ts";
import { readBindings, type Env } from "../../src/bindings.ts";
import { DEPLOYMENTS, hostOf } from "../../src/deployments.ts";
import { REGION_CODES, type RegionCode } from "../../src/domain/region.ts";

process.env.WRANGLER_LOG = "error";

/** As far as it is read here; what wrangler gives has no type of its own. */
interface Settings {
  readonly name: string;
  readonly durable_objects: object;
  readonly d1_databases: readonly { readonly database_name: string; readonly database_id: string }[];
  readonly queues: {
    readonly producers: readonly { readonly queue: string }[];
    readonly consumers: readonly { readonly queue: string }[];
  };
  readonly routes: readonly object[];
  readonly ratelimits: readonly { readonly namespace_id: string }[];
  readonly [key: string]: unknown;
}

/** A region's environment, or without one the top level, as wrangler itself understands it. */
function readSettings(region?: RegionCode): Settings {
  return readConfig({ config: CONFIG, ...(region === undefined ? {} : { env: region }) }) as Settings;
}

describe("the table of regions", () => {
  test("has seed 002's nine domains", () => {
    expect(REGION_CODES.map((region) => DEPLOYMENTS[region].domainSuffix)).toEqual([
      ".com",
      ".eu",
      ".in",
      ".com.au",
      ".jp",
      ".ca",
      ".cn",
      ".sa",
      ".uk",
    ]);
  });

  test.each(REGION_CODES)("promises for %s what the platform keeps and no more", (region) => {
    const { residency, database, objects } = DEPLOYMENTS[region];
    const guaranteed = [database, objects].every((place) => place !== null && "jurisdiction" in place);
    const nobody = database === null;
    expect(residency).toBe(guaranteed ? "at-rest" : nobody ? "self-hosted" : "nearby");
  });
});

describe("wrangler.toml", () => {
  test("is what the table and its top level say", async () => {
    expect(await checkRegions()).toMatchObject({ ok: true });
  });

  test("that differs anywhere below the top level is found out, and put right", async () => {
    const text = readFileSync(CONFIG, "utf8");
    const changed = text.replace('queue = "jeton-eu-deliveries"', 'queue = "jeton-us-deliveries"');
    expect(changed).not.toBe(text);
    expect(await writeRegions(changed)).toBe(text);
  });

  test("gains in every region what its top level gains, and keeps the comments there", async () => {
    const text = readFileSync(CONFIG, "utf8");
    const gained = text.replace("[triggers]", "# Kept.\n[limits]\ncpu_ms = 1000\n\n[triggers]");
    const written = await writeRegions(gained);
    expect(written).toContain("# Kept.\n[limits]");
    for (const region of REGION_CODES) expect(written).toContain(`[env.${region}.limits]\ncpu_ms = 1000`);
  });

  test.each(REGION_CODES)("has a complete environment for %s", (region) => {
    const top = readSettings();
    const found = readSettings(region);
    expect(found).toMatchObject({
      name: `jeton-${region}`,
      main: top["main"],
      compatibility_date: top["compatibility_date"],
      compatibility_flags: top["compatibility_flags"],
      durable_objects: top.durable_objects,
      migrations: top["migrations"],
      assets: top["assets"],
      triggers: top["triggers"],
      workers_dev: false,
      preview_urls: false,
      routes: [{ pattern: hostOf(region), custom_domain: true }],
      vars: { REGION: region, SELF_HOSTED: "false" },
      observability: { enabled: true, logs: { invocation_logs: false } },
      d1_databases: [
        { binding: "DB", database_name: `jeton-${region}`, database_id: DEPLOYMENTS[region].databaseId },
      ],
    });
    const queue = `jeton-${region}-deliveries`;
    expect(found.queues.producers).toEqual([{ binding: "DELIVERIES", queue }]);
    expect(found.queues.consumers).toEqual(top.queues.consumers.map((consumer) => ({ ...consumer, queue })));
  });

  test("gives no two regions the same database, queue, host, name or rate-limit namespace", () => {
    const all = REGION_CODES.flatMap((region) => {
      const { name, d1_databases: databases, queues, routes, ratelimits } = readSettings(region);
      return [
        `worker ${name}`,
        ...databases.flatMap((each) => [`d1 ${each.database_name}`, `d1 id ${each.database_id}`]),
        ...queues.producers.map(({ queue }) => `queue ${queue}`),
        ...routes.map((route) => `host ${JSON.stringify(route)}`),
        ...ratelimits.map((each) => `rate limit ${each.namespace_id}`),
      ];
    });
    expect(all.length).toBeGreaterThanOrEqual(5 * REGION_CODES.length);
    expect(new Set(all).size).toBe(all.length);
  });
});

describe("an environment", () => {
  const top: TomlTable = {
    name: "jeton",
    vars: { REGION: "us", SELF_HOSTED: "true", EXTRA: "jeton-us-thing" },
    kv: [{ id: "jeton-us" }, { id: "jeton-used" }],
    env: { old: { name: "x" } },
  };

  test("has its own names where the top level has the region's, and nothing of other environments", () => {
    expect(environmentOf("jp", top)).toMatchObject({
      name: "jeton-jp",
      vars: { REGION: "jp", SELF_HOSTED: "false", EXTRA: "jeton-jp-thing" },
      kv: [{ id: "jeton-jp" }, { id: "jeton-used" }],
    });
    expect(environmentOf("jp", top)).not.toHaveProperty("env");
  });

  test("is written as TOML: own values first, lists of tables one by one, odd keys in quotes", () => {
    const table = {
      inner: { deep: { a: 1 } },
      list: [{ b: 'x"\n' }, { b: [true, 2] }],
      "odd key": "y",
      last: [],
    };
    expect(writeTable("t", table)).toBe(
      [
        "[t]",
        '"odd key" = "y"',
        "last = []",
        "",
        "[t.inner.deep]",
        "a = 1",
        "",
        "[[t.list]]",
        'b = "x\\"\\n"',
        "",
        "[[t.list]]",
        "b = [true, 2]",
        "",
      ].join("\n"),
    );
  });
});

describe("Durable Objects", () => {
  /** Tells how an object was asked for. */
  function namespaceOf(prefix: string, asked: string[]): object {
    return {
      idFromName: (name: string) => `${prefix}${name}`,
      get: (id: string, options?: { locationHint?: string }) => {
        asked.push(options?.locationHint === undefined ? id : `${id} near ${options.locationHint}`);
        return {};
      },
      jurisdiction: (code: string) => namespaceOf(`${code}:`, asked),
    };
  }

  function askedFor(region: RegionCode, selfHosted: boolean): string[] {
    const asked: string[] = [];
    const env = { LIMITER: namespaceOf("", asked), JOURNAL: namespaceOf("", asked) } as unknown as Env;
    const bindings = readBindings(env, { region, selfHosted });
    bindings.journal();
    bindings.limiter("a");
    return asked;
  }

  test("are made in the jurisdiction of their region", () => {
    expect(askedFor("eu", false)).toEqual(["eu:region", "eu:a"]);
    expect(askedFor("us", false)).toEqual(["us:region", "us:a"]);
  });

  test("are made near a region without one", () => {
    expect(askedFor("jp", false)).toEqual(["region near apac-ne", "a near apac-ne"]);
    expect(askedFor("uk", false)).toEqual(["region near weur", "a near weur"]);
  });

  test("are where the machine is, on one's own runtime", () => {
    expect(askedFor("eu", true)).toEqual(["region", "a"]);
    expect(askedFor("jp", true)).toEqual(["region", "a"]);
  });
});
