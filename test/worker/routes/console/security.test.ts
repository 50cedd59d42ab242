import { describe, expect, test } from "vitest";
import {
  consoleTeam,
  expectNotForRole,
  fieldOf,
  open,
  submit,
  type ConsoleTeam,
} from "../../console-pages.ts";
import { call, expectAnswer } from "../../support.ts";

const securityOf = async (team: string) =>
  expectAnswer(await call("GET", `/v1/teams/${team}/security`), 200, "Security").security;

type Pairs = [string, string][];

/** The form as the page shows it, with other values in it. */
async function formOf({ owner, base }: ConsoleTeam, more: Pairs, methods = ["password", "passkey", "sso"]) {
  const etag = fieldOf(await open(owner, `${base}/security`), "etag");
  const own = new Set(more.map(([name]) => name));
  const usual: Pairs = [
    ["minutes", "720"],
    ["android", ""],
  ];
  return [
    ["etag", etag],
    ...usual.filter(([name]) => !own.has(name)),
    ...methods.map((method): [string, string] => ["method", method]),
    ...more,
  ] satisfies Pairs;
}

describe("the Security page", () => {
  test("saves what shuts nobody out without asking", async () => {
    const made = await consoleTeam();
    const form = await formOf(made, [
      ["minutes", "60"],
      ["android", "LC00abc"],
    ]);
    const saved = await submit(made.owner, `${made.base}/security`, form);
    expect(saved.location).toBe(`${made.base}/security?saved=1`);
    expect(await securityOf(made.team.id)).toMatchObject({
      session_minutes: 60,
      android_enterprise_id: "LC00abc",
    });
  });

  test("asks before it requires a second factor, and tells who has none that it shuts them out", async () => {
    const made = await consoleTeam();
    const before = await securityOf(made.team.id);
    const form = await formOf(made, [["two_factor", "on"]]);
    const asked = await submit(made.owner, `${made.base}/security`, form);
    expect(asked.status).toBe(200);
    expect(asked.html).toContain("That includes you");
    expect(asked.html).toContain("/console/me");
    expect(await securityOf(made.team.id)).toEqual(before);
    const confirmed = await submit(made.owner, `${made.base}/security`, [...form, ["confirmed", "yes"]]);
    expect(confirmed.status).toBe(303);
    expect((await securityOf(made.team.id)).require_2fa).toBe(true);
    const shut = await open(made.owner, `${made.base}/security`);
    expect([shut.status, shut.html.includes("second factor")]).toEqual([403, true]);
  });

  test("asks before a way to sign in goes, and carries along all that was typed", async () => {
    const made = await consoleTeam();
    const form = await formOf(made, [["minutes", "61"]], ["passkey", "sso"]);
    const asked = await submit(made.owner, `${made.base}/security`, form);
    expect(asked.html).toContain("Nobody gets in by this any more: Password");
    expect(asked.html).toContain("it is how you signed in just now");
    expect(fieldOf(asked, "minutes")).toBe("61");
    expect(fieldOf(asked, "etag")).toBe(form[0]?.[1]);
    const methods = [...asked.html.matchAll(/name="method" value="(\w+)"/g)].map(([, method]) => method);
    expect(methods).toEqual(["passkey", "sso"]);
    expect((await securityOf(made.team.id)).sign_in_methods).toContain("password");
  });

  test("says that nobody could sign in, and keeps what was typed", async () => {
    const made = await consoleTeam();
    const before = await securityOf(made.team.id);
    const none = await submit(made.owner, `${made.base}/security`, await formOf(made, [], []));
    expect([none.status, none.html.includes("Ways to sign in")]).toEqual([400, true]);
    const onlySso = await formOf(made, [["confirmed", "yes"]], ["sso"]);
    const refused = await submit(made.owner, `${made.base}/security`, onlySso);
    expect([refused.status, refused.html.includes("Nobody could sign in")]).toEqual([400, true]);
    const text = await submit(made.owner, `${made.base}/security`, await formOf(made, [["minutes", "soon"]]));
    expect([text.status, fieldOf(text, "minutes")]).toEqual([400, "soon"]);
    expect(await securityOf(made.team.id)).toEqual(before);
  });

  test("tells what somebody else changed meanwhile", async () => {
    const made = await consoleTeam();
    const form = await formOf(made, [["minutes", "61"]]);
    await call("PATCH", `/v1/teams/${made.team.id}/security`, { body: { session_minutes: 62 } });
    const shown = await submit(made.owner, `${made.base}/security`, form);
    expect([shown.status, shown.html.includes("<dd>62</dd>")]).toEqual([412, true]);
    expect((await securityOf(made.team.id)).session_minutes).toBe(62);
  });

  test("has no form for those who may only view, and is not for a role without it", async () => {
    const { base, with: somebody } = await consoleTeam();
    const viewer = await open(await somebody("EMM.Team.MANAGE"), `${base}/security`);
    expect(viewer.status).toBe(200);
    expect(viewer.html).toContain("Password, Passkey");
    expect(viewer.html).not.toContain('name="minutes"');
    const other = await somebody("MDMOnDemand.MDMUser.READ");
    expectNotForRole(await open(other, `${base}/security`), "EMM.Team.VIEW");
  });

  test("changes nothing by one who may only view, nor by a form from elsewhere", async () => {
    const made = await consoleTeam();
    const before = await securityOf(made.team.id);
    const form = await formOf(made, [["minutes", "61"]]);
    const viewer = await made.with("EMM.Team.MANAGE");
    expect((await submit(viewer, `${made.base}/security`, form)).status).toBe(400);
    const foreign = { "Sec-Fetch-Site": "cross-site" };
    expect((await submit(made.owner, `${made.base}/security`, form, foreign)).status).toBe(403);
    expect(await securityOf(made.team.id)).toEqual(before);
  });
});
