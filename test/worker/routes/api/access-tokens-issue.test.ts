import { beforeAll, describe, expect, test } from "vitest";
import { hashCredential } from "../../../../src/operations/credentials.ts";
import {
  call,
  expectAnswer,
  expectRefusal,
  issue,
  makeService,
  makeTeam,
  check,
  rows,
  unique,
  wholeStore,
} from "../../support.ts";

let team = "";
beforeAll(async () => {
  team = (await makeTeam()).id;
});

const VIEW = "EMM.Devices.VIEW";
/** What comes with seeing devices. */
const WITH_VIEW = [
  "EMM.Devices.VIEW",
  "EMM.EnrolmentTokens.VIEW",
  "EMM.Groups.VIEW",
  "EMM.Policies.VIEW",
  "EMM.Team.VIEW",
];

function create(body: object | string) {
  return call("POST", `/v1/teams/${team}/access-tokens`, { body });
}

async function permissionsOf(body: object): Promise<string[]> {
  return (await issue(team, body)).access_token.permissions;
}

describe("an access token", () => {
  test("is answered in full, with all that was asked for", async () => {
    const before = Date.now();
    const { access_token, token } = await issue(team, {
      name: "Fleet script",
      profile_id: "profile-7",
      permissions: ["EMM.DeviceCommands.LOCK", VIEW],
      expires_in: 3_600,
      allowed_ips: ["203.0.113.0/24"],
      rate_limit: { limit: 100, window_seconds: 60 },
    });
    expect(access_token).toEqual({
      id: expect.stringMatching(/^tok_[0-9a-z]{26}$/) as string,
      team,
      name: "Fleet script",
      profile_id: "profile-7",
      permissions: ["EMM.DeviceCommands.LOCK", ...WITH_VIEW],
      created_at: expect.any(String) as string,
      created_by: "operator",
      expires_at: new Date(Date.parse(access_token.created_at) + 3_600_000).toISOString(),
      last_used_at: null,
      revoked_at: null,
      allowed_ips: ["203.0.113.0/24"],
      rate_limit: { limit: 100, window_seconds: 60 },
    });
    expect(Date.parse(access_token.created_at)).toBeGreaterThanOrEqual(before);
    expect(token).toMatch(/^jtn_pat_us_[0-9A-Za-z]{36}$/);
  });

  test("without wishes lives until revoked, from anywhere, without limit", async () => {
    expect((await issue(team)).access_token).toMatchObject({
      profile_id: null,
      expires_at: null,
      allowed_ips: null,
      rate_limit: null,
    });
  });

  test("is another one each time, and all are good at once", async () => {
    const { key } = await makeService();
    const issued = await Promise.all(
      Array.from({ length: 20 }, () => issue(team, { name: "same", permissions: [VIEW] })),
    );
    expect(new Set(issued.map(({ token }) => token)).size).toBe(20);
    for (const { id, token } of issued) expect((await check(key, { token })).token?.id).toBe(id);
  });
});

describe("the token itself", () => {
  test("is shown in that one answer, and only its SHA-256 is stored", async () => {
    const { id, token } = await issue(team);
    const shown = await Promise.all([
      call("GET", `/v1/teams/${team}/access-tokens/${id}`),
      call("GET", `/v1/teams/${team}/access-tokens`),
      call("POST", `/v1/teams/${team}/access-tokens/${id}/revoke`),
    ]);
    const hash = hashCredential(token);
    for (const { text } of shown) {
      expect(text).not.toContain(token);
      expect(text).not.toContain(hash);
    }
    const store = await wholeStore();
    expect(store).toContain(hash);
    expect(store).not.toContain(token);
    // Nor most of it: whoever has the start could not guess the rest, but need not be helped.
    expect(store).not.toContain(token.slice(11, 35));
  });

  test("leaves an audit event with what it may do, and nothing to use it by", async () => {
    const { id, token } = await issue(team, { name: "audited", permissions: [VIEW], expires_in: 60 });
    const events = await rows("SELECT * FROM audit_events WHERE subject = ?", id);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      type: "access_token.created",
      team_id: team,
      actor: "operator",
      subject: id,
    });
    expect(JSON.stringify(events)).toContain("audited");
    expect(JSON.stringify(events)).not.toContain(token);
    expect(JSON.stringify(events)).not.toContain(hashCredential(token));
  });
});

describe("permissions", () => {
  test.each([
    ["an exact one", [VIEW], WITH_VIEW],
    ["one without anything around it", ["MDMOnDemand.MDMUser.READ"], ["MDMOnDemand.MDMUser.READ"]],
    [
      "a grade, with those below",
      ["EMM.Roles.DELETE"],
      ["EMM.Roles.DELETE", "EMM.Roles.MANAGE", "EMM.Roles.VIEW", "EMM.Team.VIEW"],
    ],
    ["the highest of Team", ["EMM.Team.SECURITY"], ["EMM.Team.MANAGE", "EMM.Team.SECURITY", "EMM.Team.VIEW"]],
    [
      "ALL of a graded resource",
      ["EMM.Reports.ALL"],
      ["EMM.Reports.DELETE", "EMM.Reports.GENERATE", "EMM.Reports.VIEW", "EMM.Team.VIEW"],
    ],
    [
      "ALL of single rights",
      ["MDMOnDemand.MDMUser.ALL"],
      ["CREATE", "DELETE", "READ", "UPDATE"].map((o) => `MDMOnDemand.MDMUser.${o}`),
    ],
    ["one twice, and out of order", ["EMM.Team.VIEW", VIEW, VIEW], WITH_VIEW],
    ["an EMM one, which brings the team", ["EMM.Billing.MANAGE"], ["EMM.Billing.MANAGE", "EMM.Team.VIEW"]],
  ])("may be written as %s", async (_how, permissions, expected) => {
    expect(await permissionsOf({ permissions })).toEqual(expected);
  });

  test("come from sets, from several catalogues, and from both at once", async () => {
    expect(await permissionsOf({ permission_sets: ["facebook-opt-in"] })).toEqual([
      "EnterpriseCommunications.Facebook.CREATE_OPT_IN",
    ]);
    expect(await permissionsOf({ permission_sets: ["one-api-all-channels"] })).toHaveLength(12);
    expect(await permissionsOf({ permission_sets: ["one-api-all-channels-branch"] })).toHaveLength(13);
    const both = await permissionsOf({
      permissions: ["EMM.Team.VIEW"],
      permission_sets: ["profiles-and-data"],
    });
    expect(both).toEqual([
      "EMM.Team.VIEW",
      ...["DELETE", "READ", "WRITE"].map((o) => `EnterpriseCommunications.Profiles.${o}`),
    ]);
    expect(await permissionsOf({ permission_sets: ["emm-full"] })).toContain("EMM.DeviceCommands.WIPE");
  });

  test("that require another are refused without it, and the missing one is named", async () => {
    const required = [
      "EMM.DeviceCommands.WIPE",
      "EMM.Groups.VIEW",
      "EMM.Policies.MANAGE",
      "EMM.EnrolmentTokens.DELETE",
      "EMM.DeviceCommands.ALL",
    ];
    for (const permission of required) {
      const { error_description } = expectRefusal(
        await create({ name: "x", permissions: [permission] }),
        422,
        "COM0009",
      );
      expect(error_description, permission).toContain(VIEW);
      expect(await permissionsOf({ permissions: [permission, VIEW] })).toContain(VIEW);
    }
  });

  test.each([{}, { permissions: [] }, { permission_sets: [] }, { permissions: [], permission_sets: [] }])(
    "must be at least one in all: %j is 400",
    async (body) => {
      const { error_description } = expectRefusal(await create({ name: "x", ...body }), 400, "COM0005");
      expect(error_description).toContain("permissions");
    },
  );

  test.each([
    [{ permissions: [VIEW, "EMM.Devices.SHOUT"] }, "permissions[1]"],
    [{ permissions: ["SHOUT.Devices.VIEW"] }, "permissions[0]"],
    [{ permissions: ["SHOUT.ALL"] }, "permissions[0]"],
    [{ permissions: ["EMM.ALL"] }, "permissions[0]"],
    [{ permissions: ["emm.devices.view"] }, "permissions[0]"],
    [{ permissions: ["constructor"] }, "permissions[0]"],
    [{ permissions: ["one-api-all-channels"] }, "permissions[0]"],
    [{ permissions: [VIEW], permission_sets: ["emm-full", "SHOUT"] }, "permission_sets[1]"],
    [{ permission_sets: [VIEW] }, "permission_sets[0]"],
    [{ permission_sets: ["__proto__"] }, "permission_sets[0]"],
  ])("that nobody knows are 400, by their place: %j", async (body, member) => {
    const { error_description } = expectRefusal(await create({ name: "x", ...body }), 400, "COM0005");
    expect(error_description).toContain(member);
    expect(error_description).not.toContain("SHOUT");
  });
});

describe("members", () => {
  const good = { name: "x", permissions: [VIEW] };

  test.each([
    ["name", { name: undefined }],
    ["name", { name: "" }],
    ["name", { name: "   " }],
    ["name", { name: "x".repeat(101) }],
    ["name", { name: "😀".repeat(101) }],
    ["name", { name: "a\nb" }],
    ["name", { name: "\u0000" }],
    ["name", { name: 7 }],
    ["name", { name: null }],
    ["profile_id", { profile_id: "" }],
    ["profile_id", { profile_id: "p".repeat(201) }],
    ["profile_id", { profile_id: "a\u0000b" }],
    ["profile_id", { profile_id: 5 }],
    ["permissions", { permissions: VIEW }],
    ["permissions[0]", { permissions: [{}] }],
    ["permissions", { permissions: Array.from({ length: 501 }, () => VIEW) }],
    ["permission_sets", { permission_sets: "emm-full" }],
    ["expires_in", { expires_in: 0 }],
    ["expires_in", { expires_in: -1 }],
    ["expires_in", { expires_in: 1.5 }],
    ["expires_in", { expires_in: "60" }],
    ["expires_in", { expires_in: 315_360_001 }],
    ["expires_in", { expires_in: 1e300 }],
    ["allowed_ips", { allowed_ips: [] }],
    ["allowed_ips", { allowed_ips: "10.0.0.1" }],
    ["allowed_ips[1]", { allowed_ips: ["10.0.0.1", "10.0.0.256"] }],
    ["allowed_ips[0]", { allowed_ips: ["10.0.0.1/8"] }],
    ["allowed_ips[0]", { allowed_ips: ["10.0.0.0/33"] }],
    ["allowed_ips[0]", { allowed_ips: ["010.0.0.1"] }],
    ["allowed_ips[0]", { allowed_ips: ["fe80::1%eth0"] }],
    ["allowed_ips[0]", { allowed_ips: [""] }],
    ["allowed_ips", { allowed_ips: Array.from({ length: 101 }, (_, n) => `10.0.0.${n}`) }],
    ["rate_limit.limit", { rate_limit: { window_seconds: 1 } }],
    ["rate_limit.window_seconds", { rate_limit: { limit: 1 } }],
    ["rate_limit.limit", { rate_limit: { limit: 0, window_seconds: 1 } }],
    ["rate_limit.limit", { rate_limit: { limit: 1_000_001, window_seconds: 1 } }],
    ["rate_limit.window_seconds", { rate_limit: { limit: 1, window_seconds: 0 } }],
    ["rate_limit.window_seconds", { rate_limit: { limit: 1, window_seconds: 86_401 } }],
    ["rate_limit.limit", { rate_limit: { limit: 1.5, window_seconds: 1 } }],
    ["rate_limit", { rate_limit: 5 }],
    ["rate_limit", { rate_limit: { limit: 1, window_seconds: 1, burst: 2 } }],
    ["the body", { team: "team_x" }],
    ["the body", { token: "jtn_pat_us_x" }],
    ["the body", { created_by: "operator" }],
  ])("%s is named when it is wrong: %j", async (member, change) => {
    const { error_description } = expectRefusal(await create({ ...good, ...change }), 400, "COM0005");
    expect(error_description).toMatch(new RegExp(`\\b${member.replace(/[.[\]]/g, "\\$&")}(?:[ .]|$)`));
  });

  test.each([
    { name: "x".repeat(100) },
    { name: "😀".repeat(100) },
    { name: "Zoë's Zugang – 日本 العربية" },
    { name: "'; DROP TABLE access_tokens; --" },
    { name: "<script>alert(1)</script>" },
    { profile_id: "p".repeat(200) },
    { expires_in: 1 },
    { expires_in: 315_360_000 },
    { rate_limit: { limit: 1, window_seconds: 1 } },
    { rate_limit: { limit: 1_000_000, window_seconds: 86_400 } },
    { allowed_ips: ["0.0.0.0/0", "::/0"] },
  ])("may be at their bounds, and come back as they were sent: %j", async (change) => {
    const { id, access_token } = await issue(team, { ...good, ...change });
    const { expires_in: _, ...told } = change as Record<string, unknown>;
    expect(access_token).toMatchObject(told);
    const shown = expectAnswer(
      await call("GET", `/v1/teams/${team}/access-tokens/${id}`),
      200,
      "AccessToken",
    );
    expect(shown.access_token).toEqual(access_token);
  });

  test.each(["\\ud800", "a\\udfffb"])(
    "half a surrogate pair (%s) is refused: it would not come back",
    async (text) => {
      for (const member of ["name", "profile_id"]) {
        const body = `{"name":"x","permissions":["${VIEW}"],"${member}":"${text}"}`;
        expectRefusal(await create(body), 400, "COM0005");
      }
    },
  );

  test("addresses come back in one writing", async () => {
    const allowed_ips = ["2001:0DB8:0:0:0:0:0:1", "2001:db8::/32", "::ffff:192.0.2.1", "198.51.100.0/32"];
    const { access_token } = await issue(team, { ...good, allowed_ips });
    expect(access_token.allowed_ips).toEqual(["2001:db8::1", "2001:db8::/32", "192.0.2.1", "198.51.100.0"]);
  });

  test("of the team are the path's: a token is of the team in whose path it was made", async () => {
    const { access_token } = await issue(team);
    expect(access_token.team).toBe(team);
    const unknown = await call("POST", `/v1/teams/${unique("team")}/access-tokens`, { body: good });
    expectRefusal(unknown, 404, "COM0008");
  });
});
