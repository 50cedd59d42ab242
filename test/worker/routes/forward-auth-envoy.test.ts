import { beforeAll, describe, expect, test } from "vitest";
import { issue, makeService, makeTeam, send } from "../support.ts";

let team = "";
let otherTeam = "";
let key = "";
let token = "";

beforeAll(async () => {
  team = (await makeTeam()).id;
  otherTeam = (await makeTeam()).id;
  ({ key } = await makeService());
  ({ token } = await issue(team, { permissions: ["EMM.Devices.VIEW", "EMM.DeviceCommands.LOCK"] }));
});

interface Asking {
  readonly method?: string;
  readonly path?: string;
  readonly as?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks as Envoy does: by its caller's method, and its caller's path and query behind the prefix. */
async function ask({ method = "POST", path = "/teams/x/devices?limit=1", as, headers = {} }: Asking = {}) {
  const response = await send(method, `/v1/forward-auth/envoy?for=${path}`, {
    as: as === undefined ? token : as,
    headers: {
      "X-Jeton-Service-Key": key,
      "X-Jeton-Team": team,
      "X-Jeton-Permission": "EMM.DeviceCommands.LOCK",
      "Content-Length": "0",
      ...headers,
    },
  });
  const text = await response.text();
  const body = (text === "" ? {} : JSON.parse(text)) as { error_code?: string; missing?: string[] };
  return { status: response.status, headers: response.headers, code: body.error_code, missing: body.missing };
}

describe("Envoy's question", () => {
  test.each(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])(
    "is answered by %s, the method of its caller",
    async (method) => {
      const { status, headers } = await ask({ method });
      expect([status, headers.get("X-Jeton-Team")]).toEqual([200, team]);
    },
  );

  test("names its permissions in X-Jeton-Permission, several with a comma or a space", async () => {
    const both = "EMM.DeviceCommands.LOCK, EMM.DeviceCommands.WIPE";
    for (const list of [both, both.replace(",", ""), both.replace(" ", "")]) {
      const { status, missing } = await ask({ headers: { "X-Jeton-Permission": list } });
      expect([status, missing]).toEqual([403, ["EMM.DeviceCommands.WIPE"]]);
    }
  });

  test("must name a permission: a route that forgot to add its own is no open door", async () => {
    for (const list of ["", " ", ","]) {
      const refused = await ask({ headers: { "X-Jeton-Permission": list } });
      expect(refused).toMatchObject({ status: 400, code: "COM0005" });
    }
  });

  test("must name a team, and it must be the token's own", async () => {
    expect(await ask({ headers: { "X-Jeton-Team": "" } })).toMatchObject({ status: 400, code: "COM0005" });
    expect(await ask({ headers: { "X-Jeton-Team": otherTeam } })).toMatchObject({
      status: 403,
      code: "TOK0002",
    });
    const two = { "X-Jeton-Team": `${otherTeam}, ${team}` };
    expect(await ask({ headers: two })).toMatchObject({ status: 403, code: "TOK0002" });
    expect(await ask({ headers: { "X-Jeton-Team": "any" } })).toMatchObject({ status: 200 });
  });

  test("is not changed by what its caller writes into the query", async () => {
    const path = `/teams/x?team=any&permission=EMM.Devices.VIEW&statuses=200&client_ip_header=X-Forwarded-For`;
    const foreign = await ask({ path, headers: { "X-Jeton-Team": otherTeam } });
    expect(foreign).toMatchObject({ status: 403, code: "TOK0002" });
    const weak = await ask({ path, headers: { "X-Jeton-Permission": "EMM.DeviceCommands.WIPE" } });
    expect(weak).toMatchObject({ status: 403, code: "TOK0001" });
  });

  test("is not changed by a path that climbs: it stands in the query, where nothing climbs", async () => {
    for (const path of ["/../../../healthz", "/%2e%2e/%2e%2e/healthz", "//healthz", "/..%2f..%2fhealthz"]) {
      expect(await ask({ method: "GET", path, as: null })).toMatchObject({ status: 401, code: "COM0013" });
    }
  });

  test("is answered with true statuses, which Envoy passes on", async () => {
    expect(await ask({ as: null })).toMatchObject({ status: 401, code: "COM0013" });
    const { token: limited } = await issue(team, {
      permissions: ["EMM.Devices.VIEW", "EMM.DeviceCommands.LOCK"],
      rate_limit: { limit: 1, window_seconds: 600 },
    });
    await ask({ as: limited });
    const refused = await ask({ as: limited });
    expect(refused).toMatchObject({ status: 429, code: "COM0002" });
    expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(590);
  });

  test("needs the service key as any proxy's does", async () => {
    for (const bad of ["", "x", token]) {
      expect(await ask({ headers: { "X-Jeton-Service-Key": bad } })).toMatchObject({ status: 500 });
    }
  });

  test("tells the caller's address in X-Jeton-Client-IP, and nowhere else", async () => {
    const limits = {
      permissions: ["EMM.Devices.VIEW", "EMM.DeviceCommands.LOCK"],
      allowed_ips: ["198.51.100.7"],
    };
    const { token: inside } = await issue(team, limits);
    expect((await ask({ as: inside, headers: { "X-Jeton-Client-IP": "198.51.100.7" } })).status).toBe(200);
    for (const header of ["X-Forwarded-For", "X-Envoy-External-Address", "CF-Connecting-IP"]) {
      const refused = await ask({ as: inside, headers: { [header]: "198.51.100.7" } });
      expect(refused).toMatchObject({ status: 403, code: "TOK0006" });
    }
  });
});

test("only Envoy's path reads the question from headers: elsewhere they are a caller's own", async () => {
  const headers = {
    "X-Jeton-Service-Key": key,
    "X-Jeton-Team": "any",
    "X-Jeton-Permission": "EMM.Devices.VIEW",
  };
  const withoutTeam = await send("GET", "/v1/forward-auth", { as: token, headers });
  expect(withoutTeam.status).toBe(400);
  const wipe = `/v1/forward-auth?team=${team}&permission=EMM.DeviceCommands.WIPE`;
  expect((await send("GET", wipe, { as: token, headers })).status).toBe(403);
});

test("below Envoy's path there is nothing: what is asked about cannot be written into the path", async () => {
  const headers = { "X-Jeton-Service-Key": key, "X-Jeton-Team": team };
  for (const path of ["/v1/forward-auth/envoy/", "/v1/forward-auth/envoy/teams", "/v1/forward-auth/x"]) {
    expect((await send("GET", path, { as: token, headers })).status).toBe(404);
  }
});
