import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { builtInIndex } from "../../../../src/catalogues/index.ts";
import { hashCredential } from "../../../../src/operations/credentials.ts";
import type { Route } from "../../../../src/routes/api/route.ts";
import { apiRoutes } from "../../../../src/routes/api/table.ts";
import {
  issue,
  makeService,
  makeTeam,
  sealed,
  send,
  storeToken,
  unique,
  type Sending,
} from "../../support.ts";

/*
 * Who may call what (contract, section 5), written out once more by hand: a route that is not listed here,
 * or needs something else, fails.
 */
const NEEDS: Readonly<Record<string, string>> = {
  "POST /v1/check": "service",
  "GET /v1/forward-auth": "anyone",
  "GET /v1/forward-auth/envoy": "anyone",
  "GET /healthz": "anyone",
  "GET /openapi.json": "anyone",
  "GET /v1/errors": "anyone",
  "GET /v1/plans": "anyone",
  "GET /v1/catalogues": "anyone",
  "GET /v1/catalogues/{service}": "anyone",
  "PUT /v1/catalogues/{service}": "operator",
  "POST /v1/invitations/accept": "anyone",
  "POST /v1/leaks": "anyone",
  "POST /v1/leaks/github": "anyone",
  "POST /v1/regions/clients": "anyone",
  "GET /v1/regions/clients/{id}": "anyone",
  "POST /v1/teams/{team}/moves": "operator",
  "GET /v1/teams/{team}/moves": "operator",
  "PUT /v1/moves/{id}": "operator",
  "GET /v1/moves/{id}": "operator",
  "GET /v1/moves/{id}/digest": "operator",
  "GET /v1/moves/{id}/rows": "operator",
  "PUT /v1/moves/{id}/rows": "operator",
  "GET /v1/moves/{id}/obstacles": "operator",
  "POST /v1/moves/{id}/freeze": "operator",
  "POST /v1/moves/{id}/hand-over": "operator",
  "POST /v1/moves/{id}/take": "operator",
  "POST /v1/moves/{id}/confirm": "operator",
  "POST /v1/moves/{id}/cancel": "operator",
  "POST /v1/moves/{id}/decline": "operator",
  "POST /v1/moves/{id}/invitations": "operator",
  "POST /v1/teams": "operator",
  "GET /v1/teams": "operator",
  "GET /v1/users": "operator",
  "GET /v1/totals": "operator",
  "GET /v1/audit-events": "operator",
  "POST /v1/teams/{team}/revoke-all": "operator",
  "POST /v1/users/{user}/revoke-all": "operator",
  "POST /v1/users/{user}/reset-links": "operator",
  "POST /v1/services": "operator",
  "GET /v1/services": "operator",
  "DELETE /v1/services/{id}": "operator",
  "POST /v1/services/{id}/keys": "operator",
  "GET /v1/teams/{team}": "EMM.Team.VIEW",
  "PATCH /v1/teams/{team}": "EMM.Team.MANAGE",
  "GET /v1/teams/{team}/security": "EMM.Team.VIEW",
  "PATCH /v1/teams/{team}/security": "EMM.Team.SECURITY",
  "GET /v1/teams/{team}/billing": "EMM.Billing.MANAGE",
  "PATCH /v1/teams/{team}/billing": "EMM.Billing.MANAGE",
  "POST /v1/teams/{team}/domains": "EMM.Team.MANAGE",
  "GET /v1/teams/{team}/domains": "EMM.Team.VIEW",
  "GET /v1/teams/{team}/domains/{id}": "EMM.Team.VIEW",
  "POST /v1/teams/{team}/domains/{id}/verify": "EMM.Team.MANAGE",
  "DELETE /v1/teams/{team}/domains/{id}": "EMM.Team.MANAGE",
  "POST /v1/teams/{team}/sso-connections": "EMM.Members.MANAGE",
  "GET /v1/teams/{team}/sso-connections": "EMM.Members.VIEW",
  "GET /v1/teams/{team}/sso-connections/{id}": "EMM.Members.VIEW",
  "PATCH /v1/teams/{team}/sso-connections/{id}": "EMM.Members.MANAGE",
  "DELETE /v1/teams/{team}/sso-connections/{id}": "EMM.Members.DELETE",
  "GET /v1/teams/{team}/members": "EMM.Members.VIEW",
  "POST /v1/teams/{team}/members": "EMM.Members.MANAGE",
  "GET /v1/teams/{team}/members/{id}": "EMM.Members.VIEW",
  "PATCH /v1/teams/{team}/members/{id}": "EMM.Members.MANAGE",
  "DELETE /v1/teams/{team}/members/{id}": "EMM.Members.DELETE",
  "GET /v1/teams/{team}/roles": "EMM.Roles.VIEW",
  "POST /v1/teams/{team}/roles": "EMM.Roles.MANAGE",
  "GET /v1/teams/{team}/roles/{id}": "EMM.Roles.VIEW",
  "PATCH /v1/teams/{team}/roles/{id}": "EMM.Roles.MANAGE",
  "DELETE /v1/teams/{team}/roles/{id}": "EMM.Roles.DELETE",
  "GET /v1/teams/{team}/reports": "EMM.Reports.VIEW",
  "POST /v1/teams/{team}/reports": "EMM.Reports.GENERATE",
  "GET /v1/teams/{team}/reports/{id}": "EMM.Reports.VIEW",
  "GET /v1/teams/{team}/reports/{id}/download": "EMM.Reports.VIEW",
  "DELETE /v1/teams/{team}/reports/{id}": "EMM.Reports.DELETE",
  "GET /v1/teams/{team}/audit-events": "EMM.Reports.VIEW",
  "POST /v1/teams/{team}/access-tokens": "EMM.AccessTokens.CREATE",
  "POST /v1/teams/{team}/imported-keys": "EMM.AccessTokens.CREATE",
  "GET /v1/teams/{team}/access-tokens": "EMM.AccessTokens.VIEW",
  "GET /v1/teams/{team}/access-tokens/{id}": "EMM.AccessTokens.VIEW",
  "DELETE /v1/teams/{team}/access-tokens/{id}": "EMM.AccessTokens.DELETE",
  "POST /v1/teams/{team}/access-tokens/{id}/revoke": "EMM.AccessTokens.DELETE",
  "POST /v1/teams/{team}/clients": "EMM.AccessTokens.CREATE",
  "GET /v1/teams/{team}/clients": "EMM.AccessTokens.VIEW",
  "GET /v1/teams/{team}/clients/{id}": "EMM.AccessTokens.VIEW",
  "PATCH /v1/teams/{team}/clients/{id}": "EMM.AccessTokens.CREATE",
  "DELETE /v1/teams/{team}/clients/{id}": "EMM.AccessTokens.DELETE",
  "POST /v1/teams/{team}/clients/{id}/secrets": "EMM.AccessTokens.CREATE",
  "POST /v1/teams/{team}/clients/{id}/grant-tokens": "EMM.AccessTokens.CREATE",
  "POST /v1/teams/{team}/webhooks": "EMM.Webhooks.MANAGE",
  "GET /v1/teams/{team}/webhooks": "EMM.Webhooks.VIEW",
  "GET /v1/teams/{team}/webhooks/{id}": "EMM.Webhooks.VIEW",
  "PATCH /v1/teams/{team}/webhooks/{id}": "EMM.Webhooks.MANAGE",
  "DELETE /v1/teams/{team}/webhooks/{id}": "EMM.Webhooks.DELETE",
  "POST /v1/teams/{team}/webhooks/{id}/secrets": "EMM.Webhooks.MANAGE",
  "POST /v1/teams/{team}/webhooks/{id}/test": "EMM.Webhooks.MANAGE",
  "GET /v1/teams/{team}/webhooks/{id}/deliveries": "EMM.Webhooks.VIEW",
  "GET /v1/teams/{team}/webhooks/{id}/deliveries/{delivery}": "EMM.Webhooks.VIEW",
  "POST /v1/teams/{team}/webhooks/{id}/deliveries/{delivery}/redeliver": "EMM.Webhooks.MANAGE",
  "POST /v1/teams/{team}/webhooks/{id}/redeliver": "EMM.Webhooks.MANAGE",
};

const nameOf = ({ method, path }: Route): string => `${method} ${path}`;

function needOf({ access }: Route): string {
  return access.kind === "team" ? access.permission : access.kind;
}

const cases = apiRoutes.map((route) => ({
  name: nameOf(route),
  route,
  need: NEEDS[nameOf(route)] ?? "nothing listed",
}));
const ofTeams = cases.filter(({ route }) => route.access.kind === "team");
const ofOperator = cases.filter(({ route }) => route.access.kind === "operator");

let team = "";
let foreign = "";
let suspended = "";
let serviceKey = "";
let full = "";
const tokens = new Map<string, string>();

/** A token of the team that holds just this. */
async function tokenWith(permissions: readonly string[]): Promise<string> {
  const key = permissions.join(" ");
  const known = tokens.get(key);
  if (known !== undefined) return known;
  const { token } = await issue(team, { permissions });
  tokens.set(key, token);
  return token;
}

/** A member's session, whose role holds just this; as headers, since a browser sends no bearer credential. */
async function sessionWith(permissions: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const [user, role, secret] = [unique("usr"), unique("rol"), unique("secret")];
  const now = Date.now();
  const insert = (table: string, row: Record<string, string | number | null>) =>
    env.DB.prepare(
      `INSERT INTO ${table} (${Object.keys(row).join(", ")}) VALUES (${Object.keys(row)
        .map(() => "?")
        .join(", ")})`,
    ).bind(...Object.values(row));
  await env.DB.batch([
    insert("users", { id: user, email: `${user}@example.com`, created_at: now }),
    insert("roles", {
      id: role,
      team_id: team,
      name: role,
      description: "",
      permissions: JSON.stringify(permissions),
      version: 1,
      changed_by: "",
      created_at: now,
      updated_at: now,
    }),
    insert("members", {
      id: unique("mem"),
      team_id: team,
      email: `${user}@example.com`,
      user_id: user,
      role,
      status: "active",
      invited_by: "operator",
      version: 1,
      changed_by: "",
      created_at: now,
      joined_at: now,
    }),
    insert("sessions", {
      hash: hashCredential(secret),
      id: unique("ses"),
      user_id: user,
      created_at: now,
      last_seen_at: now,
      expires_at: now + 3_600_000,
      two_factor: 0,
    }),
  ]);
  return { Cookie: `__Host-jeton_session=${secret}`, "Sec-Fetch-Site": "same-origin" };
}

beforeAll(async () => {
  [team, foreign, suspended] = (await Promise.all([makeTeam(), makeTeam(), makeTeam()]).then((teams) =>
    teams.map(({ id }) => id),
  )) as [string, string, string];
  ({ key: serviceKey } = await makeService());
  full = await tokenWith([
    "EMM.Team.SECURITY",
    "EMM.Roles.DELETE",
    "EMM.Members.DELETE",
    "EMM.Reports.DELETE",
    "EMM.AccessTokens.DELETE",
    "EMM.Webhooks.DELETE",
    "EMM.Billing.MANAGE",
  ]);
});

interface Outcome {
  readonly status: number;
  readonly code: string | undefined;
  readonly missing: unknown;
}

/** Asks with nothing that would do: no body that passes, no id that is there. What counts is who is let through to hear so. */
async function ask({ method, path }: Route, of: string, sending: Sending): Promise<Outcome> {
  const url = path.replace("{team}", of).replaceAll(/\{\w+\}/g, "nothing_here");
  const withBody = method === "GET" || method === "DELETE" ? {} : { body: {} };
  const response = await send(method, url, { as: null, ...withBody, ...sending });
  const body = await response.json<{ error_code?: string; missing?: unknown }>();
  return { status: response.status, code: body.error_code, missing: body.missing };
}

function expectLetThrough({ status, code }: Outcome): void {
  expect([status, code]).not.toEqual([401, expect.anything()]);
  expect([status, code]).not.toEqual([403, expect.anything()]);
  expect(status).toBeLessThan(500);
}

describe("every route", () => {
  test("is listed with what it needs, and nothing else is", () => {
    expect(Object.fromEntries(apiRoutes.map((route) => [nameOf(route), needOf(route)]))).toEqual(NEEDS);
  });
});

describe.each(ofTeams)("$name needs $need", ({ route, need }) => {
  const resource = need.slice(0, need.lastIndexOf("."));
  const grades = builtInIndex.resources.get(resource) ?? [];
  const needed = grades.indexOf(need);

  test("for a token of every grade: let through from the needed one on, and told what is missing below", async () => {
    expect(needed).toBeGreaterThanOrEqual(0);
    for (const [grade, permission] of grades.entries()) {
      const outcome = await ask(route, team, { as: await tokenWith([permission]) });
      if (grade >= needed) expectLetThrough(outcome);
      else expect(outcome).toEqual({ status: 403, code: "TOK0001", missing: [need] });
    }
  });

  test("for an OAuth access token and for a session alike", async () => {
    const held = grades.slice(0, needed + 1);
    const short = grades.slice(0, needed);
    const more = { kind: "at", client_id: "cli_us_x", permissions: JSON.stringify(held) };
    expectLetThrough(await ask(route, team, { as: await storeToken(team, more, sealed("at")) }));
    const less = { ...more, permissions: JSON.stringify(short) };
    const refusedToken = await ask(route, team, { as: await storeToken(team, less, sealed("at")) });
    expect(refusedToken).toEqual({ status: 403, code: "TOK0001", missing: [need] });
    expectLetThrough(await ask(route, team, { headers: await sessionWith(held) }));
    const refusedSession = await ask(route, team, { headers: await sessionWith(short) });
    expect(refusedSession).toEqual({ status: 403, code: "TOK0001", missing: [need] });
  });

  test("and nothing of another section will do", async () => {
    const others = [...builtInIndex.permissions.keys()].filter(
      (permission) => permission.startsWith("EMM.") && !permission.startsWith(`${resource}.`),
    );
    const permissions = JSON.stringify(others.filter((permission) => !grades.includes(permission)));
    const outcome = await ask(route, team, { as: await storeToken(team, { permissions }) });
    expect(outcome).toEqual({ status: 403, code: "TOK0001", missing: [need] });
  });

  test("of this team: another's is refused, whether that team exists or not", async () => {
    for (const other of [foreign, "team_nothing"]) {
      expect(await ask(route, other, { as: full })).toMatchObject({ status: 403, code: "TOK0002" });
      const headers = await sessionWith(grades);
      expect(await ask(route, other, { headers })).toMatchObject({ status: 403, code: "TOK0002" });
    }
  });

  test("of a live credential: none, a service's, a forged, an expired, a revoked one and a suspended team's are refused", async () => {
    const permissions = JSON.stringify(grades);
    const expired = await storeToken(team, { permissions, expires_at: Date.now() - 1 });
    const revoked = await storeToken(team, { permissions, revoked_at: Date.now() - 1 });
    await env.DB.prepare("UPDATE teams SET status = 'suspended' WHERE id = ?").bind(suspended).run();
    const asleep = await storeToken(suspended, { permissions });
    expect(await ask(route, team, {})).toMatchObject({ status: 401, code: "COM0013" });
    expect(await ask(route, team, { as: serviceKey })).toMatchObject({ status: 401, code: "COM0013" });
    expect(await ask(route, team, { as: sealed("pat") })).toMatchObject({ status: 401, code: "COM0013" });
    expect(await ask(route, team, { as: expired })).toMatchObject({ status: 401, code: "TOK0004" });
    expect(await ask(route, team, { as: revoked })).toMatchObject({ status: 401, code: "TOK0005" });
    expect(await ask(route, suspended, { as: asleep })).toMatchObject({ status: 403, code: "TOK0007" });
  });

  test("and lets the operator through, who is told of a team that is not there", async () => {
    expectLetThrough(await ask(route, team, { as: env.OPERATOR_KEY ?? "" }));
    const outcome = await ask(route, "team_nothing", { as: env.OPERATOR_KEY ?? "" });
    expect([400, 404]).toContain(outcome.status);
  });
});

describe.each(ofOperator)("$name is the operator's", ({ route }) => {
  test("and nobody else's, whatever they hold", async () => {
    expect(await ask(route, team, { as: full })).toMatchObject({ status: 403, code: "TOK0001" });
    expect(await ask(route, team, { as: serviceKey })).toMatchObject({ status: 401, code: "COM0013" });
    expect(await ask(route, team, { headers: await sessionWith([]) })).toMatchObject({ status: 401 });
    expect(await ask(route, team, {})).toMatchObject({ status: 401, code: "COM0013" });
  });
});

test("a check is a service's to ask: neither a token nor the operator key will do", async () => {
  const route = apiRoutes.find((candidate) => candidate.path === "/v1/check");
  if (route === undefined) throw new Error("no check");
  for (const as of [full, env.OPERATOR_KEY ?? "", null]) {
    expect(await ask(route, team, { as })).toMatchObject({ status: 401, code: "COM0013" });
  }
});
