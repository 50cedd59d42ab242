import { beforeAll, describe, expect, test } from "vitest";
import type { Route } from "../../../../src/routes/api/route.ts";
import { apiRoutes } from "../../../../src/routes/api/table.ts";
import { issue, makeService, makeTeam, OPERATOR_KEY, send, type Sending } from "../../support.ts";
import { goodBodyOf } from "./good-bodies.ts";

/** Stands for whatever a caller submits; it must never come back in an error. */
const MARK = "Zm4rkZ";
const VIEW = "EMM.Devices.VIEW";

let team = "";
let token = "";
let key = "";
beforeAll(async () => {
  team = (await makeTeam()).id;
  ({ token } = await issue(team, { permission_sets: ["emm-full"] }));
  ({ key } = await makeService());
});

function entriesOf(schema: unknown): string[] {
  return Object.keys((schema as { entries?: object } | undefined)?.entries ?? {});
}

const VALUES = [
  MARK,
  [MARK],
  { [MARK]: MARK },
  [{ [MARK]: 1 }],
  `${MARK}.${MARK}.${MARK}`,
  [VIEW, `EMM.Devices.${MARK}`],
];

function* bodiesOf(route: Route): Generator<object | string> {
  if (route.body === undefined) return;
  const good = goodBodyOf(route);
  yield* [MARK, `"${MARK}"`, `{"${MARK}"`, `["${MARK}"]`, { [MARK]: MARK }, { ...good, [MARK]: MARK }];
  for (const member of entriesOf(route.body)) for (const value of VALUES) yield { ...good, [member]: value };
  const resources = { name: "R", description: "x", operations: [{ name: "READ", description: "x" }] };
  if (!("resources" in good)) return;
  for (const wrong of [
    { ...resources, name: MARK.toLowerCase() },
    { ...resources, [MARK]: 1 },
    { ...resources, operations: [{ name: MARK, description: "x" }] },
    { ...resources, operations: [{ name: "READ", description: "x", requires: [`${MARK}.${MARK}.${MARK}`] }] },
    { ...resources, operations: [{ name: "READ", description: "x", [MARK]: MARK }] },
  ]) {
    yield { ...good, resources: [wrong] };
  }
}

const HEADERS: readonly Readonly<Record<string, string>>[] = [
  { Accept: MARK },
  { Accept: `text/${MARK}` },
  { "Accept-Language": MARK },
  { "Content-Type": `text/${MARK}` },
  { "Idempotency-Key": MARK.repeat(50) },
  { "If-Match": `"${MARK}"` },
  { "CF-Connecting-IP": MARK },
  { "X-Forwarded-For": MARK },
  { Cookie: `session=${MARK}` },
  { Authorization: MARK },
  { Authorization: `Bearer ${MARK}` },
  { Authorization: `Bearer ${MARK}, Bearer ${MARK}` },
  { Authorization: `Basic ${MARK}` },
];

/** The route's path with its parameters filled in; one of them marked, if it is told which. */
function pathOf(route: Route, marked = ""): string {
  return route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    name === marked ? MARK : name === "team" ? team : "Xx",
  );
}

function* requestsOf(route: Route): Generator<[string, Sending]> {
  const body = route.body === undefined ? {} : { body: goodBodyOf(route) };
  for (const [, name = ""] of route.path.matchAll(/\{(\w+)\}/g)) yield [pathOf(route, name), body];
  for (const query of [`limit=${MARK}`, `cursor=${MARK}`, `${MARK}=1`, `access_token=${MARK}`]) {
    yield [`${pathOf(route)}?${query}`, body];
  }
  for (const headers of HEADERS)
    yield [pathOf(route), { ...body, headers, ...("Authorization" in headers ? { as: null } : {}) }];
  for (const wrong of bodiesOf(route)) yield [pathOf(route), { body: wrong }];
}

async function expectNoEcho(method: string, path: string, sending: Sending): Promise<void> {
  const response = await send(method, path, sending);
  const text = await response.text();
  expect(response.status, `${method} ${path} ${text}`).toBeLessThan(500);
  if (response.status < 400) return;
  const said = [text, ...[...response.headers].flat()].join("\n").toLowerCase();
  expect(said, `${method} ${path} ${JSON.stringify(sending.body)}`).not.toContain(MARK.toLowerCase());
}

describe("no error repeats what was submitted", () => {
  // Forward-auth sends on what it is asked about, and has tests of its own.
  const routes = apiRoutes.filter(({ path }) => !path.startsWith("/v1/forward-auth"));

  test.each(routes)("$method $path", async (route) => {
    const credential = route.access.kind === "service" ? key : OPERATOR_KEY;
    const requests = [...requestsOf(route)];
    await Promise.all(
      requests.map(([path, sending]) => expectNoEcho(route.method, path, { as: credential, ...sending })),
    );
  });

  test.each(routes.filter(({ access }) => access.kind === "team"))(
    "$method $path, asked by a token",
    async (route) => {
      const requests = [...requestsOf(route)];
      await Promise.all(
        requests.map(([path, sending]) => expectNoEcho(route.method, path, { as: token, ...sending })),
      );
    },
  );

  test.each([
    `/${MARK}`,
    `/v1/${MARK}`,
    `/v2/${MARK}`,
    `/v1/teams/x/${MARK}`,
    `/v1/check/${MARK}?${MARK}=${MARK}`,
  ])("an unknown path %s", async (path) => {
    for (const method of ["GET", "POST", "DELETE"]) await expectNoEcho(method, path, {});
  });
});

describe("a verdict repeats nothing of the token that it refuses", () => {
  test.each([{ token: MARK }, { token: `jtn_pat_us_${MARK.repeat(6)}` }, { token: "x", team: MARK }])(
    "%j",
    async (question) => {
      const response = await send("POST", "/v1/check", { as: key, body: question });
      expect(response.status).toBe(200);
      expect(await response.text()).not.toContain(MARK);
    },
  );

  test("nor the address or the team that was asked about", async () => {
    for (const question of [
      { token, team: MARK },
      { token, ip: "203.0.113.77", permissions: ["MDMOnDemand.MDMUser.READ"] },
    ]) {
      const text = await (await send("POST", "/v1/check", { as: key, body: question })).text();
      expect(text).not.toContain(MARK);
      expect(text).not.toContain("203.0.113.77");
      expect(text).not.toContain(token);
    }
  });
});
