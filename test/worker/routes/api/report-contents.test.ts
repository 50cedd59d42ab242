import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import {
  call,
  check,
  expectAnswer,
  issue,
  makeService,
  makeTeam,
  rows,
  unique,
  type AnswerBody,
} from "../../support.ts";
import { rowsOf, recordsOf } from "../../reports.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

let key = "";
beforeAll(async () => {
  key = (await makeService()).key;
});

/** Counts as the Worker would have written them so many days ago. */
async function used(
  team: string,
  token: string,
  permission: string,
  { daysAgo = 0, hour = 0, verdict = "allowed", count = 1 } = {},
): Promise<void> {
  const at = Math.floor((Date.now() - daysAgo * DAY_MS) / DAY_MS) * 24 + hour;
  await env.DB.prepare(
    "INSERT INTO token_usage (team_id, token_id, hour, permission, verdict, count) VALUES (?, ?, ?, ?, ?, ?)",
  )
    .bind(team, token, at, permission, verdict, count)
    .run();
}

function dayOf(daysAgo: number): string {
  return new Date(Date.now() - daysAgo * DAY_MS).toISOString().slice(0, 10);
}

async function setToken(
  id: string,
  columns: Readonly<Record<string, number | string | null>>,
): Promise<void> {
  const set = Object.keys(columns)
    .map((column) => `${column} = ?`)
    .join(", ");
  await env.DB.prepare(`UPDATE access_tokens SET ${set} WHERE id = ?`)
    .bind(...Object.values(columns), id)
    .run();
}

describe("token-usage", () => {
  test("counts each token's checks by permission, verdict and day, of this team alone", async () => {
    const [team, other] = [(await makeTeam()).id, (await makeTeam()).id];
    const token = await issue(team, { name: "Reader", permissions: ["EMM.Devices.VIEW"] });
    const foreign = await issue(other);
    await used(other, foreign.id, "EMM.Devices.VIEW");
    await used(team, token.id, "EMM.Devices.VIEW", { daysAgo: 2, hour: 3, count: 5 });
    await used(team, token.id, "EMM.Devices.VIEW", { daysAgo: 2, hour: 23, count: 6 });
    await used(team, token.id, "EMM.Devices.VIEW", {
      daysAgo: 2,
      hour: 23,
      verdict: "rate_limited",
      count: 2,
    });
    await used(team, token.id, "", { daysAgo: 1, hour: 1, count: 7 });
    await used(team, "tok_gone", "EMM.Team.VIEW", { daysAgo: 1, hour: 1 });
    const row = { token: token.id, name: "Reader", permission: "EMM.Devices.VIEW", day: dayOf(2) };
    const found = await rowsOf(team, { type: "token-usage", since: dayOf(3) });
    expect(found).toEqual(
      expect.arrayContaining([
        { ...row, verdict: "allowed", count: 11 },
        { ...row, verdict: "rate_limited", count: 2 },
        { ...row, permission: null, day: dayOf(1), verdict: "allowed", count: 7 },
        {
          token: "tok_gone",
          name: null,
          permission: "EMM.Team.VIEW",
          day: dayOf(1),
          verdict: "allowed",
          count: 1,
        },
      ]),
    );
    expect(found).toHaveLength(4);
  });

  test("has the checks of a moment ago, that are still gathered in memory", async () => {
    const team = (await makeTeam()).id;
    const { id, token } = await issue(team);
    await check(key, { token, permissions: ["EMM.Devices.VIEW"] });
    await check(key, { token, permissions: ["EMM.Team.MANAGE"] });
    const found = await rowsOf(team, { type: "token-usage" });
    expect(
      found.map(({ token: of, permission, verdict, count }) => [of, permission, verdict, count]),
    ).toEqual([
      [id, "EMM.Devices.VIEW", "allowed", 1],
      [id, "EMM.Team.MANAGE", "missing_permission", 1],
    ]);
  });

  test("is about the whole hours that the period touches", async () => {
    const team = (await makeTeam()).id;
    const { id } = await issue(team);
    for (const hour of [8, 9, 10, 11, 12])
      await used(team, id, "EMM.Devices.VIEW", { daysAgo: 4, hour, count: 10 ** (hour - 8) });
    const at = (hour: number, minute: number) =>
      `${dayOf(4)}T${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}:00Z`;
    const count = async (since: string, until: string) =>
      (await rowsOf(team, { type: "token-usage", since, until }))[0]?.["count"];
    expect(await count(at(9, 0), at(11, 0))).toBe(110);
    expect(await count(at(9, 59), at(11, 1))).toBe(1110);
    expect(await rowsOf(team, { type: "token-usage", since: at(14, 0), until: at(15, 0) })).toEqual([]);
  });

  test("as CSV has the same rows", async () => {
    const team = (await makeTeam()).id;
    const { id } = await issue(team, { name: "=1+1", permissions: ["EMM.Devices.VIEW"] });
    await used(team, id, "EMM.Devices.VIEW", { count: 3 });
    expect(await recordsOf(team, { type: "token-usage" })).toEqual([
      ["token", "name", "permission", "day", "verdict", "count"],
      [id, "'=1+1", "EMM.Devices.VIEW", dayOf(0), "allowed", "3"],
    ]);
  });
});

interface Unused {
  readonly token: string;
  readonly permissions: string[];
  readonly used: string[];
  readonly unused: string[];
  readonly checked_without_permission: boolean;
  readonly create_instead: (object & { readonly permissions: string[] }) | null;
}

describe("unused-permissions", () => {
  test("tells what each live token holds and has not used, and posts a body that makes a narrower one", async () => {
    const team = (await makeTeam()).id;
    const wide = await issue(team, {
      name: 'CI – "quoted" 日本',
      profile_id: "p;1",
      permissions: ["EMM.DeviceCommands.ALL", "EMM.Devices.VIEW", "EMM.Groups.DELETE"],
      expires_in: 86_400,
      allowed_ips: ["203.0.113.0/24", "2001:db8::/32"],
      rate_limit: { limit: 50, window_seconds: 60 },
    });
    await used(team, wide.id, "EMM.DeviceCommands.LOCK", { daysAgo: 3 });
    await used(team, wide.id, "EMM.DeviceCommands.REBOOT", { daysAgo: 3, verdict: "rate_limited" });
    await used(team, wide.id, "EMM.DeviceCommands.WIPE", { daysAgo: 3, verdict: "ip_not_allowed" });
    await used(team, wide.id, "EMM.Groups.MANAGE", { daysAgo: 91 });
    const [row] = await rowsOf<Unused>(team, { type: "unused-permissions" });
    expect(row?.used).toEqual(["EMM.DeviceCommands.LOCK", "EMM.DeviceCommands.REBOOT"]);
    expect(row?.unused).toEqual(wide.access_token.permissions.filter((each) => !row?.used.includes(each)));
    expect(row?.unused).toContain("EMM.DeviceCommands.WIPE");
    expect(row?.unused).toContain("EMM.Groups.MANAGE");

    const narrower = row?.create_instead;
    expect(narrower).toMatchObject({
      name: 'CI – "quoted" 日本',
      profile_id: "p;1",
      allowed_ips: wide.access_token.allowed_ips,
      rate_limit: { limit: 50, window_seconds: 60 },
    });
    const created = await call("POST", `/v1/teams/${team}/access-tokens`, { body: narrower ?? {} });
    const { access_token } = expectAnswer(created, 201, "CreatedAccessToken");
    expect(access_token.permissions).toEqual(narrower?.permissions);
    expect(access_token.permissions).toEqual([
      "EMM.DeviceCommands.LOCK",
      "EMM.DeviceCommands.REBOOT",
      "EMM.Devices.VIEW",
      "EMM.EnrolmentTokens.VIEW",
      "EMM.Groups.VIEW",
      "EMM.Policies.VIEW",
      "EMM.Team.VIEW",
    ]);
    expect(access_token).toMatchObject({
      name: wide.access_token.name,
      profile_id: wide.access_token.profile_id,
      allowed_ips: wide.access_token.allowed_ips,
      rate_limit: wide.access_token.rate_limit,
    });
    const left = Date.parse(wide.access_token.expires_at ?? "") - Date.parse(access_token.expires_at ?? "");
    expect(Math.abs(left)).toBeLessThan(60_000);
  });

  test("has bodies that the API takes, whatever the tokens hold and use", async () => {
    const team = (await makeTeam({ plan: "enterprise" })).id;
    const orders: [string[], string[]][] = [
      [["MDMOnDemand.MDMInventory.ALL", "EMM.Team.SECURITY"], ["MDMOnDemand.MDMInventory.READ"]],
      [["EMM.Policies.DELETE", "EMM.Devices.VIEW", "EMM.Reports.DELETE"], ["EMM.Policies.MANAGE"]],
      [["EMM.DeviceCommands.ADB", "EMM.Devices.VIEW"], ["EMM.DeviceCommands.ADB"]],
      [["EMM.Roles.DELETE"], ["EMM.Roles.MANAGE", "EMM.Roles.VIEW"]],
      [["EMM.Billing.MANAGE", "EMM.DevicePossession.CHANGE"], ["EMM.DevicePossession.VIEW"]],
    ];
    for (const [permissions, uses] of orders) {
      const { id } = await issue(team, { permissions });
      for (const permission of uses) await used(team, id, permission);
    }
    const found = await rowsOf<Unused>(team, { type: "unused-permissions" });
    expect(found).toHaveLength(orders.length);
    const bodies = found.map(({ create_instead }) => create_instead).filter((body) => body !== null);
    expect(bodies).toHaveLength(4);
    for (const body of bodies) {
      const answer = await call("POST", `/v1/teams/${team}/access-tokens`, { body });
      const { access_token } = expectAnswer(answer, 201, "CreatedAccessToken");
      expect(access_token.permissions).toEqual(body.permissions);
    }
    for (const { permissions, used: uses, create_instead } of found) {
      if (create_instead === null) continue;
      expect(permissions).toEqual(expect.arrayContaining(create_instead.permissions));
      expect(create_instead.permissions).toEqual(expect.arrayContaining(uses));
      expect(create_instead.permissions.length).toBeLessThan(permissions.length);
    }
  });

  test("offers nothing for a token that used nothing, or all; and leaves out what is no longer live", async () => {
    const team = (await makeTeam()).id;
    const idle = await issue(team, { permissions: ["EMM.Team.MANAGE"] });
    const busy = await issue(team, { permissions: ["EMM.Team.MANAGE"] });
    await used(team, busy.id, "EMM.Team.MANAGE");
    const revoked = await issue(team);
    await call("DELETE", `/v1/teams/${team}/access-tokens/${revoked.id}`);
    const expired = await issue(team, { permissions: ["EMM.Team.VIEW"], expires_in: 10 });
    await setToken(expired.id, { expires_at: Date.now() - 1 });
    const found = await rowsOf<Unused>(team, { type: "unused-permissions", days: 1 });
    expect(
      new Map(found.map(({ token, unused, create_instead }) => [token, [unused, create_instead]])),
    ).toEqual(
      new Map([
        [idle.id, [["EMM.Team.MANAGE", "EMM.Team.VIEW"], null]],
        [busy.id, [["EMM.Team.VIEW"], null]],
      ]),
    );
  });

  test("says when a token was also checked without naming a permission", async () => {
    const team = (await makeTeam()).id;
    const { id } = await issue(team, { permissions: ["EMM.Team.MANAGE"] });
    await used(team, id, "");
    const [row] = await rowsOf<Unused>(team, { type: "unused-permissions" });
    expect(row).toMatchObject({ used: [], checked_without_permission: true, create_instead: null });
  });

  test("knows the operator's catalogues, as they are when it is made", async () => {
    const service = `Acme${unique("x").replace("-", "")}`;
    const operation = { description: "x", strict: false, requires: [], implies: [] };
    const put = (readRequires: string[]) =>
      call("PUT", `/v1/catalogues/${service}`, {
        body: {
          description: "x",
          resources: [
            {
              name: "Orders",
              description: "x",
              graded: false,
              operations: [
                { ...operation, name: "SEE" },
                { ...operation, name: "READ", requires: readRequires },
                { ...operation, name: "DELETE" },
              ],
            },
          ],
          permission_sets: [],
        },
      });
    expect((await put([])).status).toBe(201);
    const team = (await makeTeam()).id;
    const { id } = await issue(team, { permissions: [`${service}.Orders.ALL`] });
    const without = await issue(team, {
      permissions: [`${service}.Orders.READ`, `${service}.Orders.DELETE`],
    });
    for (const token of [id, without.id]) await used(team, token, `${service}.Orders.READ`);
    expect((await put([`${service}.Orders.SEE`])).status).toBe(200);
    const found = await rowsOf<Unused>(team, { type: "unused-permissions" });
    const instead = new Map(found.map(({ token, create_instead }) => [token, create_instead]));
    expect(instead.get(id)?.permissions).toEqual([`${service}.Orders.READ`, `${service}.Orders.SEE`]);
    // It does not hold what a new one would have to: nothing narrower can be made.
    expect(instead.get(without.id)).toBeNull();
    expectAnswer(
      await call("POST", `/v1/teams/${team}/access-tokens`, { body: instead.get(id) ?? {} }),
      201,
      "CreatedAccessToken",
    );
  });
});

interface Stale {
  readonly token: string;
  readonly reasons: string[];
  readonly exceeds_maker: string[];
}

describe("stale-tokens", () => {
  async function reasonsIn(team: string, body: object = {}): Promise<Map<string, string[]>> {
    const found = await rowsOf<Stale>(team, { type: "stale-tokens", ...body });
    return new Map(found.map(({ token, reasons }) => [token, reasons]));
  }

  test("tells which tokens were not used for so long, or have expired", async () => {
    const team = (await makeTeam()).id;
    const [fresh, old, forgotten, usedLately, expired, revoked] = await Promise.all(
      Array.from({ length: 6 }, () => issue(team)),
    );
    const long = Date.now() - 91 * DAY_MS;
    await setToken(old!.id, { created_at: long, last_used_at: null });
    await setToken(forgotten!.id, { created_at: long, last_used_at: Date.now() - 90 * DAY_MS - HOUR_MS });
    await setToken(usedLately!.id, { created_at: long, last_used_at: Date.now() - 89 * DAY_MS });
    await setToken(expired!.id, { expires_at: Date.now() - 1 });
    await setToken(revoked!.id, { created_at: long });
    await call("DELETE", `/v1/teams/${team}/access-tokens/${revoked!.id}`);
    expect(await reasonsIn(team)).toEqual(
      new Map([
        [old!.id, ["unused"]],
        [forgotten!.id, ["unused"]],
        [expired!.id, ["expired"]],
      ]),
    );
    const everything = await reasonsIn(team, { days: 1 });
    expect(everything.has(fresh!.id)).toBe(false);
    expect(everything.get(usedLately!.id)).toEqual(["unused"]);
  });

  test("tells whose maker was removed or holds less by now, also through tokens that made tokens", async () => {
    const team = await makeTeam({
      owner: { email: `${unique("owner")}@stale.example`, password: "correct horse" },
    });
    const [owner] = await rows<{ user_id: string }>("SELECT user_id FROM members WHERE team_id = ?", team.id);
    const member = async (user: string, role: string, permissions: string[]) => {
      await env.DB.batch([
        env.DB.prepare(
          "INSERT INTO roles (id, team_id, name, description, permissions, version, changed_by, created_at, updated_at) VALUES (?1, ?2, ?1, '', ?3, 1, '', 0, 0)",
        ).bind(role, team.id, JSON.stringify(permissions)),
        env.DB.prepare(
          "INSERT INTO members (id, team_id, email, user_id, role, status, invited_by, version, changed_by, created_at) VALUES (?1, ?2, ?1, ?1, ?3, 'active', 'operator', 1, '', 0)",
        ).bind(user, team.id, role),
      ]);
    };
    const role = unique("rol_low");
    const demoted = unique("usr_demoted");
    const equal = unique("usr_equal");
    await member(demoted, role, ["EMM.Team.VIEW"]);
    await member(equal, unique("rol_equal"), [
      "EMM.Devices.VIEW",
      "EMM.EnrolmentTokens.VIEW",
      "EMM.Groups.VIEW",
      "EMM.Policies.VIEW",
      "EMM.Team.VIEW",
    ]);
    const madeBy = async (created_by: string) => {
      const { id } = await issue(team.id);
      await setToken(id, { created_by });
      return id;
    };
    const byOwner = await madeBy(owner!.user_id);
    const byEqual = await madeBy(equal);
    const byDemoted = await madeBy(demoted);
    const byRemoved = await madeBy("usr_removed");
    const byToken = await madeBy(byDemoted);
    const byTokenOfRemoved = await madeBy(await madeBy(byRemoved));
    const maker = await madeBy("operator");
    const byRevoked = await madeBy(maker);
    await call("DELETE", `/v1/teams/${team.id}/access-tokens/${maker}`);
    const found = await rowsOf<Stale>(team.id, { type: "stale-tokens" });
    const reasons = new Map(found.map((row) => [row.token, row.reasons]));
    expect([byOwner, byEqual].map((id) => reasons.get(id))).toEqual([undefined, undefined]);
    expect(reasons.get(byDemoted)).toEqual(["maker_demoted"]);
    expect(reasons.get(byToken)).toEqual(["maker_demoted"]);
    expect(reasons.get(byRemoved)).toEqual(["maker_removed"]);
    expect(reasons.get(byTokenOfRemoved)).toEqual(["maker_removed"]);
    expect(reasons.get(byRevoked)).toEqual(["maker_revoked"]);
    expect(found.find(({ token }) => token === byDemoted)?.exceeds_maker).toEqual([
      "EMM.Devices.VIEW",
      "EMM.EnrolmentTokens.VIEW",
      "EMM.Groups.VIEW",
      "EMM.Policies.VIEW",
    ]);
  });

  test("does not take somebody for a member because another team has them", async () => {
    const [team, other] = [
      (await makeTeam()).id,
      await makeTeam({ owner: { email: `${unique("elsewhere")}@stale.example` } }),
    ];
    const [elsewhere] = await rows<{ user_id: string }>(
      "SELECT user_id FROM members WHERE team_id = ?",
      other.id,
    );
    const { id } = await issue(team);
    await setToken(id, { created_by: elsewhere!.user_id });
    expect(await reasonsIn(team)).toEqual(new Map([[id, ["maker_removed"]]]));
  });
});

describe("audit-trail as CSV", () => {
  test("has the events in their order, with number and hash", async () => {
    const team = (await makeTeam({ name: "=cmd" })).id;
    await call("PATCH", `/v1/teams/${team}`, { body: { name: "@SUM(1)" } });
    const [header, ...records] = await recordsOf(team, { type: "audit-trail" });
    const { audit_events } = expectAnswer(
      await call("GET", `/v1/teams/${team}/audit-events`),
      200,
      "AuditEvents",
    ) satisfies AnswerBody<"AuditEvents">;
    expect(header).toEqual([
      "number",
      "id",
      "at",
      "type",
      "actor",
      "actor_owner",
      "subject",
      "ip",
      "detail",
      "hash",
    ]);
    expect(records.map(([number]) => number)).toEqual(["1", "2", "3"]);
    expect(records.map(([, id]) => id)).toEqual(audit_events.toReversed().map(({ id }) => id));
    expect(records.map((record) => record.at(-1))).toEqual(
      audit_events.toReversed().map(({ chain }) => chain?.hash),
    );
    expect(JSON.parse(records[1]?.[8] ?? "")).toEqual({
      after: { name: "@SUM(1)" },
      before: { name: "=cmd" },
    });
  });
});
