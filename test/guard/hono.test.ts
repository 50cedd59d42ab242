import { Hono } from "hono";
import { describe, expect, expectTypeOf, test } from "vitest";
import {
  guard,
  type Authority,
  type CheckAnswer,
  type CheckedToken,
  type GuardOptions,
} from "../../src/guard/index.ts";
import { allowed, refused, stubAuthority, TOKEN } from "./stub-authority.ts";

interface Bindings {
  readonly JETON: Authority;
}
interface Env {
  Bindings: Bindings;
}

const needs = guard<Env>({ authority: (c) => c.env.JETON, team: (c) => c.req.param("team") });

function makeApp() {
  let reached = 0;
  const app = new Hono<Env>();
  app.get("/teams/:team/devices", needs("EMM.Devices.VIEW"), (c) => {
    reached += 1;
    return c.json({ token: c.get("token"), verdict: c.get("verdict") });
  });
  app.post("/teams/:team/lock", needs("EMM.Devices.VIEW", "EMM.DeviceCommands.LOCK"), (c) =>
    c.body(null, 204),
  );
  app.get("/teams/:team/broken", needs("EMM.Devices.VIEW"), () => {
    throw new Error("broken");
  });
  app.get("/teams/:team/passed-on", needs("EMM.Devices.VIEW"), () =>
    Response.redirect("https://api.example/", 302),
  );
  app.get("/whoami", needs("EMM.Devices.VIEW"), (c) => c.json({}));
  app.onError((error, c) => c.json({ error: error.message }, 500));
  return { app, reached: () => reached };
}

const CREDENTIAL = { Authorization: "Bearer jtn_pat_us_x" };

describe("a guarded route", () => {
  test("asks about its permissions and the team of its path", async () => {
    const { authority, asked } = stubAuthority(allowed());
    const { app } = makeApp();
    const init = { method: "POST", headers: CREDENTIAL };
    const response = await app.request("/teams/team_7/lock", init, { JETON: authority });
    expect(response.status).toBe(204);
    expect(asked[0]?.input).toEqual({
      token: "jtn_pat_us_x",
      permissions: ["EMM.Devices.VIEW", "EMM.DeviceCommands.LOCK"],
      team: "team_7",
    });
  });

  test("has the token and the verdict on its context", async () => {
    const { authority } = stubAuthority(allowed());
    const { app, reached } = makeApp();
    const response = await app.request(
      "/teams/team_1/devices",
      { headers: CREDENTIAL },
      { JETON: authority },
    );
    expect(await response.json()).toEqual({ token: TOKEN, verdict: allowed() });
    expect(reached()).toBe(1);
  });

  test.each(["devices", "lock", "broken", "passed-on"])(
    "tells what is left of the rate limit, whatever /%s answers",
    async (path) => {
      const rate_limit = { limit: 10, remaining: 3, reset_seconds: 30 };
      const { authority } = stubAuthority(allowed({ rate_limit }));
      const init = { method: path === "lock" ? "POST" : "GET", headers: CREDENTIAL };
      const response = await makeApp().app.request(`/teams/team_1/${path}`, init, { JETON: authority });
      expect(response.headers.get("RateLimit-Limit")).toBe("10");
      expect(response.headers.get("RateLimit-Remaining")).toBe("3");
      expect(response.headers.get("RateLimit-Reset")).toBe("30");
    },
  );

  test("is not reached by a refused call, which gets the refusal as it is", async () => {
    const answer = refused(403, "TOK0002", { reason: "wrong_team" });
    const { app, reached } = makeApp();
    const { authority } = stubAuthority(answer);
    const response = await app.request(
      "/teams/team_1/devices",
      { headers: CREDENTIAL },
      { JETON: authority },
    );
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error_code: "TOK0002" });
    expect(reached()).toBe(0);
  });

  test("is reached by nobody while Jeton does not answer", async () => {
    const { app, reached } = makeApp();
    const { authority } = stubAuthority(new Error("Network connection lost."));
    const response = await app.request(
      "/teams/team_1/devices",
      { headers: CREDENTIAL },
      { JETON: authority },
    );
    expect([response.status, response.headers.get("Retry-After")]).toEqual([503, "1"]);
    expect(reached()).toBe(0);
  });

  test("whose path has no team is a mistake that shows at once, and not a way in for any team", async () => {
    const { authority, asked } = stubAuthority(allowed());
    const response = await makeApp().app.request("/whoami", { headers: CREDENTIAL }, { JETON: authority });
    expect(response.status).toBe(500);
    expect(asked).toEqual([]);
  });

  test("without its binding is a mistake that shows at once, and not an open door", async () => {
    const { app, reached } = makeApp();
    const response = await app.request("/teams/team_1/devices", { headers: CREDENTIAL }, {});
    expect(response.status).toBe(500);
    expect(reached()).toBe(0);
  });
});

describe("the options", () => {
  test("may say that the team does not matter, the cost of a request, and its address", async () => {
    const { authority, asked } = stubAuthority(allowed());
    const app = new Hono<Env>();
    const loose = guard<Env>({
      authority: (c) => c.env.JETON,
      team: "any",
      cost: (c) => Number(c.req.query("copies") ?? 1),
      ip: (request) => request.headers.get("X-Edge-Address"),
    });
    app.get("/", loose("EMM.Devices.VIEW"), (c) => c.body(null));
    const headers = { ...CREDENTIAL, "X-Edge-Address": "192.0.2.9" };
    await app.request("/?copies=4", { headers }, { JETON: authority });
    expect(asked[0]?.input).toEqual({
      token: "jtn_pat_us_x",
      permissions: ["EMM.Devices.VIEW"],
      cost: 4,
      ip: "192.0.2.9",
    });
  });

  test("tell the owner why Jeton could not be asked", async () => {
    const cause = new Error("Network connection lost.");
    const causes: unknown[] = [];
    const { authority } = stubAuthority(cause);
    const app = new Hono<Env>();
    const told = guard<Env>({
      authority: (c) => c.env.JETON,
      team: "any",
      onUnavailable: (why) => causes.push(why),
    });
    app.get("/", told(), (c) => c.body(null));
    await app.request("/", { headers: CREDENTIAL }, { JETON: authority });
    expect(causes).toEqual([cause]);
  });
});

describe("the types", () => {
  test("want a way to tell the team", () => {
    // @ts-expect-error -- without `team` a token would act for any
    const without: GuardOptions<Env> = { authority: (c) => c.env.JETON };
    // @ts-expect-error -- "any" is the only word for it
    const fixed: GuardOptions<Env> = { authority: (c) => c.env.JETON, team: "team_1" };
    expect([without, fixed]).toHaveLength(2);
  });

  test("know what the guard puts on the context, and only where it did", () => {
    const app = new Hono<Env>();
    app.get("/teams/:team", needs("EMM.Devices.VIEW"), (c) => {
      expectTypeOf(c.get("token")).toEqualTypeOf<CheckedToken>();
      expectTypeOf(c.get("verdict")).toEqualTypeOf<CheckAnswer>();
      expectTypeOf(c.req.param("team")).toEqualTypeOf<string>();
      return c.body(null);
    });
    app.get("/open", (c) => {
      // @ts-expect-error -- nobody has asked
      c.get("token");
      return c.body(null);
    });
    expect(app.routes).not.toHaveLength(0);
  });
});
