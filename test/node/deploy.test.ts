import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { BUILD_FOLDER } from "../../scripts/build/worker.ts";
import { readWish } from "../../scripts/deploy/arguments.ts";
import { deployRegion, rehearseRegion, type DeployTools } from "../../scripts/deploy/deploy-region.ts";
import { runTool } from "../../scripts/check/tool.ts";
import { defaultOrigin } from "../../src/deployments.ts";
import { REGION_CODES } from "../../src/domain/region.ts";
import { parseCredential } from "../../src/domain/token.ts";

const SECRETS = ["OPERATOR_KEY", "TAG_KEYS", "ENCRYPTION_KEYS"];

/** Where a Worker of two modules has been built. */
const buildFolder = mkdtempSync(join(tmpdir(), "built-"));
const MODULES = ["index.mjs", "later-a_-b.mjs"];
for (const name of MODULES) writeFileSync(join(buildFolder, name), "");
afterAll(() => rmSync(buildFolder, { recursive: true, force: true }));

/** What a dry run leaves: the modules that would be uploaded. */
function writeModules(words: readonly string[], names: readonly string[]): void {
  const folder = words[words.indexOf("--outdir") + 1] ?? "";
  mkdirSync(folder, { recursive: true });
  for (const name of names) writeFileSync(join(folder, name), "");
}

/** A world in which all goes well, but for what a test makes different. */
function makeWorld({ secrets = SECRETS, failing = "", serves = healthy } = {}) {
  const done: string[] = [];
  const waits: number[] = [];
  const tools: DeployTools = {
    wrangler: async (words) => {
      const command = words.filter((word) => !word.startsWith("/")).join(" ");
      done.push(command);
      if (failing !== "" && command.startsWith(failing)) return { code: 1, output: "it broke" };
      if (command.startsWith("deploy --dry-run")) writeModules(words, MODULES);
      const list = JSON.stringify(secrets.map((name) => ({ name, type: "secret_text" })));
      return { code: 0, output: command.startsWith("secret list") ? `some words\n${list}\n` : "" };
    },
    send: async (url, init) => {
      done.push(`GET ${url}`);
      return serves(url, init);
    },
    wait: async (milliseconds) => {
      waits.push(milliseconds);
    },
    buildFolder,
    say: () => {},
  };
  return { tools, done, waits };
}

/** What a region answers that is as it should be. */
function healthy(url: string, init: RequestInit): Response {
  const region = REGION_CODES.find((code) => new URL(url).origin === defaultOrigin(code));
  if (url.endsWith("/healthz")) return Response.json({ status: "ok", region, version: "0" });
  const sent = new Headers(init.headers).get("Authorization")?.replace("Bearer ", "") ?? "";
  const credential = parseCredential(sent);
  if (credential === null) return Response.json({ error_code: "malformed" }, { status: 401 });
  const elsewhere = { code: credential.region, base_url: defaultOrigin(credential.region) };
  return credential.region === region
    ? Response.json({ error_code: "COM0013" }, { status: 401 })
    : Response.json({ error_code: "TOK0003", region: elsewhere }, { status: 401 });
}

/** A database of its own, as an API owner would have put it into the table. */
const OWN = { databaseId: "5d1f0a52-7a0e-4f4e-9f6f-1c2d3e4f5a6b" };

describe("what npm run deploy is asked for", () => {
  test("is a region, several, or all that the platform can hold", () => {
    expect(readWish(["eu"])).toEqual({ regions: ["eu"], dryRun: false });
    expect(readWish(["eu", "in", "eu"])).toEqual({ regions: ["eu", "in"], dryRun: false });
    expect(readWish(["--all"])).toEqual({
      regions: ["us", "eu", "in", "au", "jp", "ca", "uk"],
      dryRun: false,
    });
    expect(readWish(["--all", "--dry-run"])).toEqual({ regions: [...REGION_CODES], dryRun: true });
    expect(readWish(["--dry-run", "cn"])).toEqual({ regions: ["cn"], dryRun: true });
  });

  test.each([[[]], [["xx"]], [["eu", "--all"]], [["--force", "eu"]], [["--dry-run"]]])(
    "is not %j",
    (words) => {
      expect(() => readWish(words)).toThrow("npm run deploy --");
    },
  );

  test("is no region that its owner hosts", () => {
    expect(() => readWish(["eu", "sa"])).toThrow("Region sa is self-hosted");
  });
});

describe("a deployment", () => {
  test("looks at the secrets, builds, migrates, deploys, and asks what it deployed, in this order", async () => {
    const { tools, done } = makeWorld();
    await deployRegion("eu", tools, OWN);
    expect(done).toEqual([
      "secret list --format json --env eu",
      "deploy --dry-run --outdir --env eu",
      "d1 migrations apply jeton-eu --remote --env eu",
      "deploy --env eu",
      "GET https://tokens.example.eu/healthz",
      "GET https://tokens.example.eu/v1/teams/team_smoke",
      "GET https://tokens.example.eu/v1/teams/team_smoke",
    ]);
  });

  test("changes nothing while the region has no database, and says how to make one where it belongs", async () => {
    const { tools, done } = makeWorld();
    await expect(deployRegion("eu", tools)).rejects.toThrow("wrangler d1 create jeton-eu --jurisdiction eu");
    await expect(deployRegion("jp", tools)).rejects.toThrow("wrangler d1 create jeton-jp --location apac");
    expect(done).toEqual([]);
  });

  test("changes nothing while a secret is missing, and names it", async () => {
    const { tools, done } = makeWorld({ secrets: ["OPERATOR_KEY", "TAG_KEYS"] });
    await expect(deployRegion("eu", tools, OWN)).rejects.toThrow(
      "missing:\n  npx wrangler secret put ENCRYPTION_KEYS --env eu",
    );
    expect(done).toHaveLength(1);
  });

  test.each([
    ["secret list", 1],
    ["deploy --dry-run", 2],
    ["d1 migrations", 3],
    ["deploy --env", 4],
  ])("stops where %s fails, with the tool's own words", async (failing, steps) => {
    const { tools, done } = makeWorld({ failing });
    await expect(deployRegion("eu", tools, OWN)).rejects.toThrow(/^eu: .* failed:\nit broke$/);
    expect(done).toHaveLength(steps);
  });

  test("waits for a new host name, and not for ever", async () => {
    let down = 2;
    const late = makeWorld({
      serves: (url, init) => {
        if (down-- > 0) throw new Error("no such host");
        return healthy(url, init);
      },
    });
    await deployRegion("eu", late.tools, OWN);
    expect(late.waits).toHaveLength(2);
    const never = makeWorld({ serves: () => new Response("", { status: 503 }) });
    await expect(deployRegion("eu", never.tools, OWN)).rejects.toThrow(
      "does not serve: /healthz answers 503",
    );
  });

  test("fails when another region answers, or a token is taken that nobody issued, or none is sent home", async () => {
    const answers = (answer: (url: string, init: RequestInit) => Response) =>
      deployRegion("eu", makeWorld({ serves: answer }).tools, OWN);
    const other = () => Response.json({ status: "ok", region: "us" });
    await expect(answers(other)).rejects.toThrow("is not this region's");
    const open = (url: string, init: RequestInit) =>
      url.endsWith("/healthz") ? healthy(url, init) : Response.json({ team: {} });
    await expect(answers(open)).rejects.toThrow("is answered 200, not 401 COM0013");
    const lost = (url: string, init: RequestInit) =>
      url.endsWith("/healthz")
        ? healthy(url, init)
        : Response.json({ error_code: "COM0013" }, { status: 401 });
    await expect(answers(lost)).rejects.toThrow("not 401 TOK0003");
  });
});

/** Nine builds. */
const LONG_MS = 240_000;

describe("a dry run", { timeout: LONG_MS }, () => {
  const say = () => {};

  test("takes a warning for a failure", async () => {
    const warned = async () => ({
      code: 0,
      output: "▲ [WARNING] Processing wrangler.toml configuration:\n Unexpected fields",
    });
    await expect(rehearseRegion("eu", { wrangler: warned, buildFolder, say })).rejects.toThrow(
      "Unexpected fields",
    );
  });

  test.each([
    ["one of its modules", ["index.mjs"], "eu: wrangler.toml does not upload later-a_-b.mjs"],
    ["all of them", [], "eu: wrangler.toml uploads nothing"],
  ])("is refused when the upload leaves out %s, and so is the deployment", async (_what, names, words) => {
    const { tools, done } = makeWorld();
    const forgetful = async (asked: readonly string[]) => {
      const finished = await tools.wrangler(asked);
      if (!asked.includes("--dry-run")) return finished;
      rmSync(asked[asked.indexOf("--outdir") + 1] ?? "", { recursive: true });
      writeModules(asked, names);
      return finished;
    };
    const itsTools = { ...tools, wrangler: forgetful };
    await expect(rehearseRegion("eu", itsTools)).rejects.toThrow(words);
    done.length = 0;
    await expect(deployRegion("eu", itsTools, OWN)).rejects.toThrow(words);
    expect(done).toHaveLength(2);
  });

  test("passes for all nine, without a network", async () => {
    const said: string[] = [];
    const tools = {
      wrangler: (words: readonly string[]) => runTool("wrangler", words),
      buildFolder: BUILD_FOLDER,
      say: (line: string) => said.push(line),
    };
    for (const region of REGION_CODES) await rehearseRegion(region, tools);
    expect(said).toEqual(REGION_CODES.map((region) => `${region}: would deploy`));
  });
});
