import { expect, test } from "vitest";
import { Assets } from "../../src/operations/assets.ts";

const read = (json: unknown) => (json as { readonly word: string }).word;

test("a file is read once, and kept as it was read", async () => {
  const asked: string[] = [];
  const assets = new Assets(async (path) => {
    asked.push(path);
    return Response.json({ word: "Bonjour" });
  });
  expect([await assets.read("/a.json", read), await assets.read("/a.json", read)]).toEqual([
    "Bonjour",
    "Bonjour",
  ]);
  expect(asked).toEqual(["/a.json"]);
});

test("a file of text is read once too", async () => {
  const answers = [new Response("p { margin: 0; }")];
  const assets = new Assets(async () => answers.shift() ?? Response.error());
  expect(await assets.text("/a.css")).toBe("p { margin: 0; }");
  expect(await assets.text("/a.css")).toBe("p { margin: 0; }");
  expect(await assets.text("/b.css")).toBeNull();
});

test.each<[string, () => Promise<Response>]>([
  ["is not there", async () => new Response("no", { status: 404 })],
  ["cannot be fetched", async () => Promise.reject(new Error("gone"))],
  ["is no JSON", async () => new Response("<!doctype html>")],
  ["is other JSON than it should be", async () => Response.json(null)],
])("a file that %s is null, and asked for again the next time", async (_, fail) => {
  const answers = [fail, async () => Response.json({ word: "Bonjour" })];
  const assets = new Assets(async () => answers.shift()?.() ?? Response.error());
  expect(await assets.read("/a.json", read)).toBeNull();
  expect(await assets.read("/a.json", read)).toBe("Bonjour");
});

test("no read waits for another's: one that hangs holds up its own page alone", async () => {
  const hanging = new Promise<Response>(() => {});
  const answers = [hanging, Promise.resolve(Response.json({ word: "Bonjour" }))];
  const assets = new Assets(async () => answers.shift() ?? Response.error());
  const first = assets.read("/a.json", read);
  expect(await assets.read("/a.json", read)).toBe("Bonjour");
  expect(await Promise.race([first, Promise.resolve("still waiting")])).toBe("still waiting");
});
