import { beforeAll, describe, expect, test } from "vitest";
import { defaultOrigin } from "../../../src/deployments.ts";
import { readJson } from "../json.ts";
import {
  call,
  check,
  driveClock,
  expectAnswer,
  expectRefusal,
  issue,
  makeService,
  makeTeam,
  ORIGIN,
  send,
  startWorker,
  storeWith,
} from "../support.ts";
import { atHost, makeTenant, nameDomain, proveDomain, type TenantPlace } from "../tenant.ts";

const REGION = defaultOrigin("us");
const SERVER_METADATA = "/.well-known/oauth-authorization-server";

const clock = driveClock();

let acme: TenantPlace;

beforeAll(async () => {
  acme = await makeTenant();
});

describe("a domain that a team has proven", () => {
  test("is an issuer of its own, in every document", async () => {
    const { issuer, at } = acme;
    const server = await readJson(await send("GET", SERVER_METADATA, { as: null, at }));
    expect(server).toMatchObject({
      issuer,
      authorization_endpoint: `${issuer}/oauth/v2/auth`,
      token_endpoint: `${issuer}/oauth/v2/token`,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      protected_resources: [issuer],
    });
    expect(JSON.stringify(server)).not.toContain(REGION);
    const resource = await readJson(
      await send("GET", "/.well-known/oauth-protected-resource", { as: null, at }),
    );
    expect(resource).toMatchObject({ resource: issuer, authorization_servers: [issuer] });
    const directory = await readJson(await send("GET", "/oauth/serverinfo", { as: null, at }));
    expect(directory["locations"]).toMatchObject({ us: issuer, eu: defaultOrigin("eu") });
  });

  test("leaves the region what it was", async () => {
    const server = await readJson(await send("GET", SERVER_METADATA, { as: null }));
    expect(server["issuer"]).toBe(REGION);
    expect(JSON.stringify(server)).not.toContain(acme.domain.name);
  });

  test("names itself in challenges", async () => {
    const answer = await call("GET", `/v1/teams/${acme.team.id}`, { as: null, at: acme.at });
    expectRefusal(answer, 401, "COM0013");
    expect(answer.headers.get("WWW-Authenticate")).toContain(
      `resource_metadata="${acme.issuer}/.well-known/`,
    );
  });

  test("takes no operator key", async () => {
    const { team, at } = acme;
    expectAnswer(await call("GET", `/v1/teams/${team.id}`), 200, "Team");
    expectRefusal(await call("GET", `/v1/teams/${team.id}`, { at }), 401, "COM0013");
    expectRefusal(await call("POST", "/v1/teams", { at, body: { name: "x", slug: "xy" } }), 401, "COM0013");
  });

  test("is met in capitals as well, and on no other port", async () => {
    const capitals = atHost(acme.domain.name.toUpperCase());
    expect((await readJson(await send("GET", SERVER_METADATA, { as: null, at: capitals })))["issuer"]).toBe(
      acme.issuer,
    );
    const port = atHost(`${acme.domain.name}:8443`);
    expectRefusal(await call("GET", "/v1/errors", { as: null, at: port }), 421, "COM0014");
  });
});

describe("on a team's own domain", () => {
  test("its tokens are checked, and another team's are refused without a word about them", async () => {
    const { team, at } = acme;
    const other = await makeTeam();
    const [own, foreign] = [await issue(team.id), await issue(other.id)];
    const { key } = await makeService();
    const ask = (token: string, more = {}) =>
      check(key, { token, permissions: ["EMM.Devices.VIEW"], ...more }, { at });
    expect(await ask(own.token)).toMatchObject({ allowed: true, token: { id: own.id } });
    const refused = await ask(foreign.token);
    expect(refused).toMatchObject({ allowed: false, reason: "wrong_team", token: null });
    // Nor does the question change whose domain it is.
    expect(await ask(foreign.token, { team: other.id })).toMatchObject({ reason: "wrong_team", token: null });
    expect(await check(key, { token: foreign.token })).toMatchObject({ allowed: true });
  });

  test("forward-auth refuses them too", async () => {
    const { team, at } = acme;
    const { key } = await makeService();
    const ask = async (token: string) =>
      (
        await send("GET", "/v1/forward-auth?team=any&permission=EMM.Devices.VIEW", {
          as: token,
          headers: { "X-Jeton-Service-Key": key },
          at,
        })
      ).status;
    expect(await ask((await issue(team.id)).token)).toBe(200);
    expect(await ask((await issue((await makeTeam()).id)).token)).toBe(403);
  });

  test("the API is its own alone", async () => {
    const { team, at } = acme;
    const other = await makeTeam();
    const own = await issue(team.id, { permissions: ["EMM.Team.VIEW"] });
    const foreign = await issue(other.id, { permissions: ["EMM.Team.VIEW"] });
    expectAnswer(await call("GET", `/v1/teams/${team.id}`, { as: own.token, at }), 200, "Team");
    for (const id of [team.id, other.id]) {
      expectRefusal(await call("GET", `/v1/teams/${id}`, { as: foreign.token, at }), 403, "TOK0002");
    }
    expectRefusal(await call("GET", `/v1/teams/${other.id}`, { as: own.token, at }), 403, "TOK0002");
    expectAnswer(await call("GET", `/v1/teams/${other.id}`, { as: foreign.token }), 200, "Team");
  });

  test("receipts are the region's, as everywhere", async () => {
    const { team, at } = acme;
    const manager = await issue(team.id, { permissions: ["EMM.AccessTokens.DELETE"] });
    const { id } = await issue(team.id);
    const path = `/v1/teams/${team.id}/access-tokens/${id}`;
    const { receipt } = expectAnswer(
      await call("DELETE", path, { as: manager.token, at }),
      200,
      "RevokedAccessToken",
    ) as { receipt: string };
    const [, claims = ""] = receipt.split(".");
    expect(JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/")))).toMatchObject({ iss: REGION });
  });
});

describe("a host that is nobody's", () => {
  test.each(["evil.example", "tokens.example.com.evil.example", "tokens.example.eu", "127.0.0.2"])(
    "leads to nothing: 421 at %s",
    async (host) => {
      const at = atHost(host);
      for (const path of ["/v1/errors", SERVER_METADATA, "/v1/nothing"]) {
        expectRefusal(await call("GET", path, { as: null, at }), 421, "COM0014");
      }
      for (const path of ["/signin", "/console", "/oauth/v2/auth"]) {
        const answer = await send("GET", path, { as: null, at });
        expect([answer.status, answer.headers.get("Location")]).toEqual([421, null]);
        expect(await answer.text()).not.toContain(host);
      }
    },
  );

  test("says all the same whether the server is well: probes ask by an address", async () => {
    expectAnswer(await call("GET", "/healthz", { as: null, at: atHost("10.0.0.7") }), 200, "Health");
  });

  test("is no matter to a proxy that asks with its caller's host", async () => {
    const { key } = await makeService();
    const { token } = await issue((await makeTeam()).id);
    const ask = async (path: string, host: string) => {
      const headers = {
        "X-Jeton-Service-Key": key,
        "X-Jeton-Team": "any",
        "X-Jeton-Permission": "EMM.Devices.VIEW",
      };
      return (await send("GET", path, { as: token, headers, at: atHost(host) })).status;
    };
    const paths = ["/v1/forward-auth?team=any&permission=EMM.Devices.VIEW", "/v1/forward-auth/envoy?for=/"];
    for (const path of paths) {
      expect(await ask(path, "api.example:8080")).toBe(200);
      // A caller who names a team's domain is held to that team.
      expect(await ask(path, acme.domain.name)).toBe(403);
    }
    expect(await ask("/v1/forward-auth/other", "api.example")).toBe(421);
  });

  test("becomes nobody by a header: only the host itself counts", async () => {
    for (const name of ["X-Forwarded-Host", "X-Original-Host", "Forwarded", "X-Host"]) {
      const toOwn = await send("GET", SERVER_METADATA, {
        as: null,
        headers: { [name]: name === "Forwarded" ? `host=${acme.domain.name}` : acme.domain.name },
      });
      expect((await readJson(toOwn))["issuer"]).toBe(REGION);
      const toNobody = await call("GET", "/v1/errors", {
        as: null,
        headers: { [name]: new URL(ORIGIN).host },
        at: atHost("evil.example"),
      });
      expectRefusal(toNobody, 421, "COM0014");
    }
  });

  test("is one that a team has named and not proven", async () => {
    const team = await makeTeam();
    const domain = await nameDomain(team.id);
    expectRefusal(await call("GET", "/v1/errors", { as: null, at: atHost(domain.name) }), 421, "COM0014");
    clock.advance(1001);
    await proveDomain(team.id, domain);
    clock.advance(1001);
    expect((await call("GET", "/v1/errors", { as: null, at: atHost(domain.name) })).status).toBe(200);
  });

  test("is one that was taken off, within the freshness bound", async () => {
    const { team, domain, at } = await makeTenant();
    clock.advance(1001);
    const { token } = await issue(team.id, { permissions: ["EMM.Team.VIEW"] });
    expectAnswer(await call("GET", `/v1/teams/${team.id}`, { as: token, at }), 200, "Team");
    expectAnswer(await call("DELETE", `/v1/teams/${team.id}/domains/${domain.id}`), 200, "Domain");
    clock.advance(1001);
    expectRefusal(await call("GET", `/v1/teams/${team.id}`, { as: token, at }), 421, "COM0014");
    expectRefusal(await call("GET", SERVER_METADATA, { as: null, at }), 421, "COM0014");
  });

  test("costs no read, however many are made up, and the region's own host costs none either", async () => {
    let reads = 0;
    const DB = storeWith((run) => {
      reads += 1;
      return run();
    });
    const worker = await startWorker({ DB });
    const ask = async (host: string) =>
      (await atHost(host, worker)(new Request(`${ORIGIN}/v1/errors`))).status;
    for (let one = 0; one < 5; one += 1) expect(await ask("jeton.test")).toBe(200);
    expect(reads).toBe(0);
    expect(await ask(acme.domain.name)).toBe(200);
    const filled = reads;
    for (let one = 0; one < 50; one += 1) expect(await ask(`h${one}.evil.example`)).toBe(421);
    expect(await ask(acme.domain.name)).toBe(200);
    expect(reads).toBe(filled);
  });
});

test("a Worker that is not fit to serve says so at any host", async () => {
  const unfit = await startWorker({ DEVELOPMENT: "", TAG_KEYS: "short" });
  expect((await call("GET", "/v1/errors", { as: null, at: atHost("evil.example", unfit) })).status).toBe(503);
});

test("a store that does not answer is 503 at a host that could be anybody's", async () => {
  const DB = storeWith(async () => {
    throw new Error("gone");
  });
  const worker = await startWorker({ DB });
  const answer = await call("GET", "/v1/errors", { as: null, at: atHost("evil.example", worker) });
  expect([answer.status >= 500, answer.text.includes("gone")]).toEqual([true, false]);
});
