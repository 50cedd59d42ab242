import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../../scripts/check/tool.ts";
import { buildHouse, type Complaint, demolish, type Files, lintHouse } from "./house.ts";

/** What a file may import: a layer of its own kind by "itself", others and packages by name. */
const LAYERS: Readonly<Record<string, string>> = {
  "src/domain": "itself sub",
  "src/domain/sub": "itself domain",
  "src/catalogues": "itself domain",
  "src/store": "itself domain catalogues drizzle-orm",
  "src/objects": "itself domain catalogues cloudflare:workers",
  "src/operations": "itself domain catalogues store objects bindings deployments version valibot node:crypto",
  "src/grants":
    "itself domain catalogues store objects operations bindings deployments version valibot node:crypto",
  "src/jobs": "itself domain catalogues operations grants bindings deployments version valibot node:crypto",
  "src/routes":
    "itself domain catalogues operations grants bindings deployments version hono hono-openapi valibot node:crypto",
  "src/routes/sub":
    "itself domain catalogues operations grants routes bindings deployments version hono hono-openapi valibot node:crypto",
  "src/guard": "itself domain hono",
  "src/deployments.ts": "domain",
  "src/version.ts": "package.json",
  "src/bindings.ts": "domain deployments valibot",
  "src/wiring.ts":
    "domain catalogues store objects operations bindings deployments version valibot node:crypto",
  "src/app.ts":
    "domain catalogues operations grants routes jobs bindings deployments version wiring hono hono-openapi valibot node:crypto",
  "src/index.ts":
    "domain catalogues store objects operations grants routes jobs guard bindings deployments version wiring app cloudflare:workers valibot node:crypto",
  // A file that nobody has given rules yet.
  "src/unlisted.ts":
    "domain catalogues store objects operations grants routes jobs bindings deployments version wiring app index valibot node:crypto",
};

const FOLDERS = "domain catalogues store objects operations grants routes jobs guard".split(" ");
const TOP_FILES = "bindings deployments version wiring app index".split(" ");
const PACKAGES =
  "drizzle-orm drizzle-orm/d1 hono hono/jsx hono-openapi cloudflare:workers valibot node:crypto".split(" ");

interface Import {
  readonly target: string;
  readonly specifier: string;
  readonly allowed: boolean;
}

/** Every import that a file of this layer could try. */
function importsOf(layer: string): Import[] {
  const isFile = layer.endsWith(".ts");
  const depth = layer.split("/").length - (isFile ? 2 : 1);
  const up = depth === 0 ? "./" : "../".repeat(depth);
  const outside = "../".repeat(depth + 1);
  const allowed = new Set(LAYERS[layer]?.split(" "));
  const named = (target: string, specifier: string): Import => {
    const root = target.replace(/\/.*/, "");
    return { target, specifier, allowed: allowed.has(root) };
  };
  const folders = FOLDERS.filter((folder) => `src/${folder}` !== layer);
  const files = TOP_FILES.filter((file) => `src/${file}.ts` !== layer);
  return [
    ...(isFile ? [] : [named("itself", "./leaf.ts")]),
    ...(layer === "src/domain" ? [named("sub", "./sub/leaf.ts")] : []),
    ...folders.map((folder) =>
      named(folder, layer.startsWith(`src/${folder}/`) ? "../leaf.ts" : `${up}${folder}/leaf.ts`),
    ),
    // No layer below routes may import them, however it is written.
    ...(allowed.has("routes") || layer === "src/routes"
      ? []
      : [named("routes by a detour", `./${outside}src/routes/leaf.ts`)]),
    ...files.map((file) => named(file, `${up}${file}.ts`)),
    ...PACKAGES.map((name) => named(name, name)),
    ...(layer === "src/version.ts" ? [named("package.json", `${outside}package.json`)] : []),
    { target: "tests", specifier: `${outside}test/leaf.ts`, allowed: false },
    { target: "scripts", specifier: `${outside}scripts/leaf.ts`, allowed: false },
  ];
}

function probe(layer: string): string {
  return layer.endsWith(".ts") ? layer : `${layer}/probe.ts`;
}

/** Line by line as `importsOf` lists them. */
function matrix(): Files {
  const files: Record<string, string[]> = {
    "test/leaf.ts": ["export {};"],
    "scripts/leaf.ts": ["export {};"],
  };
  for (const layer of Object.keys(LAYERS)) {
    if (!layer.endsWith(".ts")) files[`${layer}/leaf.ts`] = ["export const leaf = 1;"];
    files[probe(layer)] = importsOf(layer).map(
      ({ specifier }, index) => `export { leaf as import${index} } from "${specifier}";`,
    );
  }
  return files;
}

/** The same forbidden import in every way of writing one. */
const WAYS: readonly string[] = [
  `import { leaf } from "../store/leaf.ts";`,
  `import type { leaf as leafType } from "../store/leaf.ts";`,
  `import "../store/leaf.ts";`,
  `export { leaf as again } from "../store/leaf.ts";`,
  `export * from "../store/leaf.ts";`,
  `export const later = (): Promise<unknown> => import("../store/leaf.ts");`,
  `export type Leaf = import("../store/leaf.ts").Leaf;`,
  `import { leaf as roundabout } from "../operations/../store/leaf.ts";`,
  `import { leaf as dotted } from "./../store/leaf.ts";`,
  `import { leaf as own } from "jeton/store";`,
  `import { leaf as alias } from "#store";`,
];

let house = "";
let complaints: readonly Complaint[] = [];

beforeAll(async () => {
  house = buildHouse({ ...matrix(), "src/routes/ways.ts": WAYS });
  complaints = await lintHouse(house);
}, 60_000);

afterAll(() => demolish(house));

function refusedLines(file: string): Set<number> {
  const rules = ["eslint(no-restricted-imports)", "typescript(consistent-type-imports)"];
  return new Set(complaints.filter((it) => it.file === file && rules.includes(it.rule)).map((it) => it.line));
}

describe.each(Object.keys(LAYERS))("%s", (layer) => {
  const imports = importsOf(layer).map((it, index) => ({ ...it, line: index + 1 }));

  test.each(imports.filter((it) => !it.allowed))("may not import $target", ({ line }) => {
    expect(refusedLines(probe(layer))).toContain(line);
  });

  test.each(imports.filter((it) => it.allowed))("may import $target", ({ line }) => {
    expect(refusedLines(probe(layer))).not.toContain(line);
  });
});

test.each(WAYS.map((way, index) => ({ way, line: index + 1 })))("no way around a layer: $way", ({ line }) => {
  expect(refusedLines("src/routes/ways.ts")).toContain(line);
});

test("every folder and file of src has rules of its own", () => {
  const config = readFileSync(join(ROOT, ".oxlintrc.json"), "utf8");
  const entries = readdirSync(join(ROOT, "src"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || /\.tsx?$/.test(entry.name))
    .map((entry) => (entry.isDirectory() ? `"src/${entry.name}/` : `"src/${entry.name}"`));
  expect(entries.filter((entry) => !config.includes(entry))).toEqual([]);
});
