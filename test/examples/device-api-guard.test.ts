import { beforeAll, describe, expect, test } from "vitest";
import { app } from "../../examples/device-api/src/app.ts";
import { emm } from "../../src/catalogues/emm.ts";
import { expectRefusal, useDeviceApi, type Caller } from "./device-api-client.ts";

/** Every route and the permission that it must name: a new route has to be written here too. */
const ROUTES: readonly (readonly [method: string, path: string, permission: string])[] = [
  ["GET", "/inventory", "EMM.Devices.VIEW"],
  ["GET", "/devices", "EMM.Devices.VIEW"],
  ["POST", "/devices", "EMM.EnrolmentTokens.MANAGE"],
  ["GET", "/devices/:id", "EMM.Devices.VIEW"],
  ["GET", "/devices/:id/location", "EMM.Devices.VIEW"],
  ["DELETE", "/devices/:id", "EMM.DeviceCommands.WIPE"],
  ["GET", "/devices/:id/possession", "EMM.DevicePossession.VIEW"],
  ["PUT", "/devices/:id/possession", "EMM.DevicePossession.CHANGE"],
  ["GET", "/devices/:id/commands", "EMM.Devices.VIEW"],
  ...[
    ["lock", "LOCK"],
    ["reset-password", "RESET_PASSWORD"],
    ["reboot", "REBOOT"],
    ["wipe", "WIPE"],
    ["remote-control", "REMOTE_CONTROL"],
    ["clear-app-data", "CLEAR_APP_DATA"],
    ["broadcast", "BROADCAST"],
    ["manage-esim", "MANAGE_ESIM"],
    ["adb", "ADB"],
  ].flatMap(([name, operation]) => [
    ["POST", `/devices/:id/commands/${name}`, `EMM.DeviceCommands.${operation}`] as const,
    ["POST", `/devices/:id/commands/${name}/:command/suspend`, `EMM.DeviceCommands.${operation}`] as const,
  ]),
  ["GET", "/groups", "EMM.Groups.VIEW"],
  ["POST", "/groups", "EMM.Groups.MANAGE"],
  ["GET", "/groups/:id", "EMM.Groups.VIEW"],
  ["PATCH", "/groups/:id", "EMM.Groups.MANAGE"],
  ["DELETE", "/groups/:id", "EMM.Groups.DELETE"],
  ["PUT", "/groups/:id/devices/:device", "EMM.Groups.MANAGE"],
  ["DELETE", "/groups/:id/devices/:device", "EMM.Groups.MANAGE"],
  ["GET", "/policies", "EMM.Policies.VIEW"],
  ["POST", "/policies", "EMM.Policies.MANAGE"],
  ["GET", "/policies/:id", "EMM.Policies.VIEW"],
  ["PATCH", "/policies/:id", "EMM.Policies.MANAGE"],
  ["DELETE", "/policies/:id", "EMM.Policies.DELETE"],
  ["PUT", "/policies/:id/groups/:group", "EMM.Policies.MANAGE"],
  ["DELETE", "/policies/:id/groups/:group", "EMM.Policies.MANAGE"],
  ["GET", "/enrolment-tokens", "EMM.EnrolmentTokens.VIEW"],
  ["POST", "/enrolment-tokens", "EMM.EnrolmentTokens.MANAGE"],
  ["DELETE", "/enrolment-tokens/:id", "EMM.EnrolmentTokens.DELETE"],
];

const PREFIX = "/teams/:team";

const ALL_OPERATIONS = emm.resources.flatMap(({ name, operations }) =>
  operations.map((operation) => `EMM.${name}.${operation.name}`),
);

const api = useDeviceApi();
let team = "";
let otherTeam = "";
let asStranger: Caller;
let asWeakest: Caller;

beforeAll(async () => {
  team = await api.jeton.makeTeam();
  otherTeam = await api.jeton.makeTeam();
  asStranger = api.as((await api.jeton.issue(otherTeam, { permissions: ALL_OPERATIONS })).token);
  asWeakest = api.as((await api.jeton.issue(team, { permissions: ["EMM.Team.VIEW"] })).token);
});

/** The route's path for a team, with ids that nothing has. */
function pathIn(id: string, path: string): string {
  return `/teams/${id}${path.replaceAll(/:\w+/g, "nothing")}`;
}

test("the table has every route of the API, and no other", () => {
  const served = app.routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path}`);
  const listed = ROUTES.map(([method, path]) => `${method} ${PREFIX}${path}`);
  expect([...new Set(served)].sort()).toEqual(listed.toSorted());
});

test("every route is below a team: there is none whose team the guard could not tell", () => {
  expect(app.routes.filter(({ path }) => !path.startsWith(`${PREFIX}/`))).toEqual([]);
});

test("the example uses every device command that the catalogue has", () => {
  const used = new Set(ROUTES.map(([, , permission]) => permission));
  const commands = ALL_OPERATIONS.filter((operation) => operation.startsWith("EMM.DeviceCommands."));
  expect(commands.filter((command) => !used.has(command))).toEqual([]);
});

describe.each(ROUTES)("%s %s", (method, path, permission) => {
  test("is 401 without a token, with a bare challenge", async () => {
    const answer = await api.as(null)(method, pathIn(team, path));
    expectRefusal(answer, 401, "COM0013");
    expect(answer.headers.get("WWW-Authenticate")).toBe('Bearer realm="jeton"');
  });

  test(`needs ${permission}`, async () => {
    const answer = await asWeakest(method, pathIn(team, path));
    expectRefusal(answer, 403, "TOK0001");
    expect(answer.body["missing"]).toEqual([permission]);
    expect(answer.headers.get("WWW-Authenticate")).toContain(`scope="${permission}"`);
  });

  test("needs nothing else", async () => {
    const permissions = permission.startsWith("EMM.DevicePossession.")
      ? [permission]
      : ["EMM.Devices.VIEW", permission];
    const { token } = await api.jeton.issue(team, { permissions });
    expect([401, 403]).not.toContain((await api.as(token)(method, pathIn(team, path))).status);
  });

  test("is closed to another team's token, whatever that may do in its own", async () => {
    expectRefusal(await asStranger(method, pathIn(team, path)), 403, "TOK0002");
    expect([401, 403]).not.toContain((await asStranger(method, pathIn(otherTeam, path))).status);
  });
});

describe("a token that may lock but not wipe", () => {
  let locker: Caller;
  let device = "";

  beforeAll(async () => {
    const { token } = await api.jeton.issue(team, {
      permissions: ["EMM.Devices.VIEW", "EMM.DeviceCommands.LOCK"],
    });
    locker = api.as(token);
    const enroller = api.as(
      (await api.jeton.issue(team, { permissions: ["EMM.Devices.VIEW", "EMM.EnrolmentTokens.MANAGE"] }))
        .token,
    );
    const made = await enroller("POST", `/teams/${team}/enrolment-tokens`, { body: { name: "one" } });
    const enrolled = await enroller("POST", `/teams/${team}/devices`, {
      body: {
        enrolment_token: made.body["secret"],
        name: "Till 1",
        platform: "android",
        model: "T10",
        serial: "L1",
      },
    });
    device = (enrolled.body["device"] as { id: string }).id;
  });

  test("locks", async () => {
    const answer = await locker("POST", `/teams/${team}/devices/${device}/commands/lock`);
    expect(answer.status).toBe(201);
    expect(answer.body["command"]).toMatchObject({ name: "lock", status: "queued", device, team });
  });

  test("does not wipe: the device stays as it is", async () => {
    const refused = await locker("POST", `/teams/${team}/devices/${device}/commands/wipe`);
    expectRefusal(refused, 403, "TOK0001");
    expect(refused.body["missing"]).toEqual(["EMM.DeviceCommands.WIPE"]);
    const { body } = await locker("GET", `/teams/${team}/devices/${device}`);
    expect(body["device"]).toMatchObject({ status: "managed" });
  });
});

describe("a token", () => {
  const view = { permissions: ["EMM.Devices.VIEW"] };

  test("that is revoked is refused at the next call, by its own code", async () => {
    const { id, token } = await api.jeton.issue(team, view);
    expect((await api.as(token)("GET", `/teams/${team}/devices`)).status).toBe(200);
    await api.jeton.revoke(team, id);
    const refused = await api.as(token)("GET", `/teams/${team}/devices`);
    expectRefusal(refused, 401, "TOK0005");
    expect(refused.headers.get("WWW-Authenticate")).toContain('error="invalid_token"');
  });

  test("that is garbage is refused", async () => {
    expectRefusal(await api.as("garbage")("GET", `/teams/${team}/devices`), 401, "COM0013");
  });

  test("may come by seed 002's scheme, and by one method alone", async () => {
    const { token } = await api.jeton.issue(team, view);
    const path = `/teams/${team}/devices`;
    const bare = api.as(null);
    const headers = { Authorization: `Zoho-oauthtoken ${token}` };
    expect((await bare("GET", path, { headers })).status).toBe(200);
    expectRefusal(await bare("GET", `${path}?access_token=${token}`), 400, "COM0014");
    expectRefusal(await bare("GET", `${path}?access_token=${token}`, { headers }), 400, "COM0014");
  });

  test("with a rate limit is told what is left of it, and at its end when to come back", async () => {
    const { token } = await api.jeton.issue(team, { ...view, rate_limit: { limit: 1, window_seconds: 600 } });
    const last = await api.as(token)("GET", `/teams/${team}/devices`);
    expect([last.status, last.headers.get("RateLimit-Remaining")]).toEqual([200, "0"]);
    const refused = await api.as(token)("GET", `/teams/${team}/devices`);
    expectRefusal(refused, 429, "COM0002");
    expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(590);
  });

  test("with allowed addresses works from them alone, and no forwarded-for header changes that", async () => {
    const { token } = await api.jeton.issue(team, { ...view, allowed_ips: ["198.51.100.7"] });
    const from = (headers: Record<string, string>) =>
      api.as(token)("GET", `/teams/${team}/devices`, { headers });
    expect((await from({ "CF-Connecting-IP": "198.51.100.7" })).status).toBe(200);
    expectRefusal(
      await from({ "CF-Connecting-IP": "203.0.113.7", "X-Forwarded-For": "198.51.100.7" }),
      403,
      "TOK0006",
    );
    expectRefusal(await from({ "X-Forwarded-For": "198.51.100.7" }), 403, "TOK0006");
  });

  test("is refused in the language of its holder", async () => {
    const headers = { "Accept-Language": "de" };
    const refused = await asStranger("GET", `/teams/${team}/devices`, { headers });
    expectRefusal(refused, 403, "TOK0002");
    expect(refused.headers.get("Content-Language")).toBe("de");
    expect(refused.body["localized_error_description"]).not.toBe(refused.body["error_description"]);
  });
});

describe("the team in the path", () => {
  test("is the one that counts, however it is written", async () => {
    const { token } = await api.jeton.issue(team, { permissions: ["EMM.Devices.VIEW"] });
    const caller = api.as(token);
    for (const id of [otherTeam, "team_none", `${team}%20`, `%20${team}`, team.toUpperCase(), "any"]) {
      expectRefusal(await caller("GET", `/teams/${id}/devices`), 403, "TOK0002");
    }
    expect((await caller("GET", `/teams/${otherTeam}/../${team}/devices`)).status).toBe(200);
    expectRefusal(await caller("GET", `/teams/${otherTeam}/devices?team=${team}`), 403, "TOK0002");
  });
});

test("what nobody serves is 404, and another method is 405 with what is taken", async () => {
  expectRefusal(await asWeakest("GET", "/"), 404, "COM0008");
  expectRefusal(await asWeakest("GET", `/teams/${team}`), 404, "COM0008");
  const refused = await asWeakest("PUT", `/teams/${team}/groups/nothing`);
  expectRefusal(refused, 405, "COM0001");
  expect(refused.headers.get("Allow")).toBe("DELETE, GET, PATCH");
});
