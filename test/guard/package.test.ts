import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT, runTool } from "../../scripts/check/tool.ts";

/** As an API owner's project would have it: strict, with a browser's types and none of this repository's. */
const TSCONFIG = {
  compilerOptions: {
    target: "es2022",
    lib: ["es2022", "dom", "dom.iterable"],
    types: [],
    module: "nodenext",
    strict: true,
    noEmit: true,
  },
  files: ["api.ts"],
};

const API = `
import { Hono } from "hono";
import { authorize, guard, httpAuthority, type Authority, type CheckedToken } from "jeton/guard";

interface Env { Bindings: { JETON: Authority } }
const needs = guard<Env>({ authority: (c) => c.env.JETON, team: (c) => c.req.param("team") });
export const app = new Hono<Env>().get("/teams/:team", needs("EMM.Devices.VIEW"), (c) => {
  const token: CheckedToken = c.get("token");
  return c.json({ token: token.id });
});
export const authority = httpAuthority({ url: "https://jeton.example", serviceKey: "jtn_sk_us_x" });
// @ts-expect-error: the team is required
export const unsafe = () => authorize(new Request("https://api.example"), { authority, permissions: [] });
`;

const USE = `
import { authorize, guard, httpAuthority } from "jeton/guard";
const request = new Request("https://api.example/");
const authority = httpAuthority({ url: "https://jeton.example", serviceKey: "jtn_sk_us_x" });
const { response } = await authorize(request, { authority, team: "any", permissions: [] });
process.stdout.write(typeof guard + " " + response.status);
`;

let folder = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "owner-"));
  const installed = join(folder, "node_modules/jeton");
  mkdirSync(installed, { recursive: true });
  cpSync(join(ROOT, "package.json"), join(installed, "package.json"));
  symlinkSync(join(ROOT, "node_modules/hono"), join(folder, "node_modules/hono"));
  const { code, output } = await runTool("tsc", [
    "-p",
    "src/guard/tsconfig.build.json",
    "--outDir",
    `${installed}/dist`,
  ]);
  if (code !== 0) throw new Error(output);
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(TSCONFIG));
  writeFileSync(join(folder, "api.ts"), API);
  writeFileSync(join(folder, "use.js"), USE);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("an API owner's project compiles against the package's export, with all of its types", async () => {
  expect(await runTool("tsc", ["-p", folder])).toEqual({ code: 0, output: "" });
}, 60_000);

test("what the package exports is plain modules, which run where there is no compiler", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["use.js"], { cwd: folder });
  expect(stdout).toBe("function 401");
});
