import { beforeAll, describe, expect, test } from "vitest";
import { apiRoutes } from "../../../../src/routes/api/table.ts";
import { issue, makeService, makeTeam, OPERATOR_KEY, send } from "../../support.ts";

let ids: Readonly<Record<string, string>> = {};
beforeAll(async () => {
  const { id: team } = await makeTeam();
  const { id } = await issue(team);
  await makeService();
  ids = { team, id, service: "EMM" };
});

/** A path of the template, as a request may write it. */
function pathOf(template: string): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? "x");
}

/** Whether a path of one template may be read as one of the other. */
function overlaps(one: string, other: string): boolean {
  const [ones, others] = [one.split("/"), other.split("/")];
  const isOpen = (part: string | undefined) => part?.startsWith("{") ?? false;
  return (
    ones.length === others.length &&
    ones.every((part, at) => part === others[at] || isOpen(part) || isOpen(others[at]))
  );
}

const PATHS = [...new Set(apiRoutes.map(({ path }) => path))];
const NARROW = apiRoutes.filter(({ anyMethod }) => !anyMethod);

describe("the route table", () => {
  test("has no path that hides another: the first that matches answers every method", () => {
    const hidden = PATHS.flatMap((path, at) =>
      PATHS.slice(at + 1)
        .filter((other) => overlaps(path, other))
        .map((other) => [path, other]),
    );
    expect(hidden).toEqual([]);
  });

  test("has each method of a path once", () => {
    const all = apiRoutes.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(all).size).toBe(all.length);
  });
});

describe("HEAD", () => {
  const read = NARROW.filter(({ method }) => method === "GET");

  test.each(read.map(({ path }) => path))("of %s is what GET says, without the body", async (template) => {
    for (const as of [OPERATOR_KEY, null]) {
      const head = await send("HEAD", pathOf(template), { as });
      const get = await send("GET", pathOf(template), { as });
      expect([head.status, await head.text()]).toEqual([get.status, ""]);
      for (const name of ["Content-Type", "ETag", "Cache-Control", "WWW-Authenticate", "Content-Language"]) {
        expect(head.headers.get(name), name).toBe(get.headers.get(name));
      }
      await get.body?.cancel();
    }
  });

  const written = PATHS.filter((path) =>
    apiRoutes.every((route) => route.path !== path || (route.method !== "GET" && !route.anyMethod)),
  );

  test.each(written)(
    "of %s, which nobody can read, is 405 and not among what is allowed",
    async (template) => {
      const taken: string[] = NARROW.filter(({ path }) => path === template).map(({ method }) => method);
      for (const as of [OPERATOR_KEY, null]) {
        const head = await send("HEAD", pathOf(template), { as });
        expect([head.status, head.headers.get("Allow"), await head.text()]).toEqual([
          405,
          taken.toSorted().join(", "),
          "",
        ]);
      }
    },
  );
});

describe("a route for any method", () => {
  test.each(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])(
    "is never 405: %s",
    async (method) => {
      const wide = apiRoutes.filter(({ anyMethod }) => anyMethod);
      expect(wide).not.toEqual([]);
      for (const { path } of wide) {
        const answer = await send(method, path, { as: null });
        // A proxy that shows no service key is told so, whatever its caller's method was.
        expect(answer.status).toBe(500);
        expect(answer.headers.get("Allow")).toBeNull();
        await answer.body?.cancel();
      }
    },
  );
});
