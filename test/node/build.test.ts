import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { buildModules } from "../../scripts/build/worker.ts";

const folder = mkdtempSync(join(tmpdir(), "build-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Builds a Worker of this source. */
function build(source: string, name = "worker.ts") {
  const entry = join(folder, name);
  writeFileSync(entry, source);
  return buildModules(join(folder, "out"), { entry });
}

test("what is imported later is a module of its own, which the first one does not import at once", async () => {
  writeFileSync(join(folder, "part.ts"), "export const part = 'of another module';");
  const { path, modules } = await build(
    "export default { fetch: async () => new Response((await import('./part.ts')).part) };",
  );
  const [main, part] = Object.entries(modules);
  expect(path).toBe(join(folder, "out", "worker.mjs"));
  expect(main?.[0]).toBe("worker.mjs");
  expect(main?.[1].imports).not.toContain(part?.[0]);
  expect(main?.[1].code).not.toContain("of another module");
  expect(part?.[1].code).toContain("of another module");
  for (const name of Object.keys(modules)) expect(existsSync(join(folder, "out", `${name}.map`))).toBe(true);
});

test("what an earlier build left is not uploaded with the next one", async () => {
  await build("export default { fetch: async () => new Response((await import('./part.ts')).part) };");
  const { modules } = await build("export default { fetch: () => new Response('all in one') };");
  const left = readdirSync(join(folder, "out")).filter((name) => name.endsWith(".mjs"));
  expect(left).toEqual(Object.keys(modules));
  expect(left).toHaveLength(1);
});

test.each([
  ["a package that is not there", "import x from 'no-such-package'; export default x;", "no-such-package"],
  ["a file that is not there", "export default import('./no-such-file.ts');", "no-such-file"],
  ["no program", "export default {;", "worker.ts"],
])("%s does not build, in the bundler's own words", async (_what, source, words) => {
  await expect(build(source)).rejects.toThrow(words);
});
