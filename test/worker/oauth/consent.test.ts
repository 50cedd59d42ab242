import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { join, makeRole, signIn, slowWriter } from "../people.ts";
import { call, makeTeam, rows, startWorker } from "../support.ts";
import { LOCK_SCOPE, ownerPerson, storeClient, type TestClient, WIPE } from "./support.ts";
import {
  acceptedCode,
  countOf,
  decide,
  expectConsent,
  expectProblem,
  expectReturn,
  expectReturnedError,
  expectSignIn,
  linkOf,
  visitor,
  type Visitor,
} from "./visitor.ts";

const VIEW_ONLY = "EMM.Devices.VIEW";
const WIDER = `${LOCK_SCOPE} ${WIPE}`;

async function ready(more: Record<string, unknown> = {}): Promise<{ client: TestClient; owner: Visitor }> {
  const client = await storeClient("server", more);
  return { client, owner: visitor(await ownerPerson(client.team)) };
}

/** Makes somebody a member of one more team. */
async function addTo(team: string, user: string, role = "owner"): Promise<void> {
  const { id } = await join(team, role);
  await env.DB.prepare("UPDATE members SET user_id = ? WHERE id = ?").bind(user, id).run();
}

const setSecurity = (team: string, body: object) => call("PATCH", `/v1/teams/${team}/security`, { body });

describe("a consent that was given", () => {
  test("is not asked for again, for all of it or less, and then brings no refresh token", async () => {
    const { client, owner } = await ready();
    await acceptedCode(owner, linkOf(client, { access_type: "offline" }));
    for (const scope of [LOCK_SCOPE, VIEW_ONLY]) {
      const response = await owner.get(linkOf(client, { scope, access_type: "offline", state: "again" }));
      const { parameters } = expectReturn(response);
      expect(parameters["code"]).toMatch(/^jtn_gc_/);
      expect(parameters["state"]).toBe("again");
    }
    const grants = await rows<{ access_type: string }>(
      "SELECT access_type FROM grants WHERE client_id = ? ORDER BY rowid",
      client.id,
    );
    expect(grants.map(({ access_type }) => access_type)).toEqual(["offline", "online", "online"]);
    expect(
      await rows(
        "SELECT id FROM audit_events WHERE type = 'grant.accepted' AND detail LIKE ?",
        `%${client.id}%`,
      ),
    ).toHaveLength(1);
  });

  test("is asked for again when the client says so, in any case, and for more", async () => {
    const { client, owner } = await ready();
    await acceptedCode(owner, linkOf(client));
    for (const prompt of ["consent", "Consent", "CONSENT"]) {
      await expectConsent(await owner.get(linkOf(client, { prompt })));
    }
    await acceptedCode(owner, linkOf(client, { scope: WIDER }));
    expectReturn(await owner.get(linkOf(client, { scope: WIDER })));
  });

  test("adds up, and is each person's own", async () => {
    const { client, owner } = await ready();
    await acceptedCode(owner, linkOf(client, { scope: `${WIPE} ${VIEW_ONLY}` }));
    await acceptedCode(owner, linkOf(client, { scope: LOCK_SCOPE }));
    expectReturn(await owner.get(linkOf(client, { scope: WIDER })));
    const other = visitor(await join(client.team, "owner"));
    await expectConsent(await other.get(linkOf(client)));
    const otherClient = await storeClient("server", { team_id: client.team });
    await expectConsent(await owner.get(linkOf(otherClient)));
  });

  test("stays unasked with prompt=none, which never shows a page", async () => {
    const { client, owner } = await ready();
    const quiet = linkOf(client, { prompt: "none" });
    expectReturnedError(await visitor(null).get(quiet), "login_required");
    expectReturnedError(await owner.get(quiet), "consent_required");
    expectReturnedError(await owner.get(linkOf(client, { prompt: "none", scope: "x" })), "invalid_scope");
    await acceptedCode(owner, linkOf(client));
    expect(expectReturn(await owner.get(quiet)).parameters["code"]).toMatch(/^jtn_gc_/);
    await setSecurity(client.team, { require_2fa: true });
    expectReturnedError(await owner.get(quiet), "login_required");
  });

  test("is asked for each time by a program that another one could pretend to be", async () => {
    const uris = ["com.example.app:/cb", "http://127.0.0.1/cb", "https://app.example/cb"];
    const client = await storeClient("mobile", { redirect_uris: JSON.stringify(uris) });
    const owner = visitor(await ownerPerson(client.team));
    const challenge = { code_challenge: "x".repeat(43), code_challenge_method: "S256" };
    const [scheme = "", loopback = "", web = ""] = uris;
    await acceptedCode(owner, linkOf(client, { redirect_uri: scheme, ...challenge }), scheme);
    for (const redirect_uri of [scheme, loopback]) {
      await expectConsent(await owner.get(linkOf(client, { redirect_uri, ...challenge })));
      const quiet = await owner.get(linkOf(client, { redirect_uri, prompt: "none", ...challenge }));
      expectReturnedError(quiet, "consent_required", redirect_uri);
    }
    expectReturn(await owner.get(linkOf(client, { redirect_uri: web, ...challenge })), web);
  });

  test("goes with the membership, and does not come back with it", async () => {
    const { client } = await ready();
    const person = await join(client.team, "owner");
    await acceptedCode(visitor(person), linkOf(client));
    await ownerPerson(client.team);
    expect((await call("DELETE", `/v1/teams/${client.team}/members/${person.id}`)).status).toBe(200);
    await addTo(client.team, person.user);
    await expectConsent(await visitor(await signIn(person.user)).get(linkOf(client)));
  });
});

describe("a person in several teams", () => {
  test("chooses one in which they hold all of it, and sees what is missing in the others", async () => {
    const { client } = await ready();
    const role = await makeRole(client.team, [VIEW_ONLY]);
    const person = await join(client.team, role.id);
    const [second, third] = [await makeTeam(), await makeTeam()];
    await addTo(second.id, person.user);
    await addTo(third.id, person.user);
    const by = visitor(person);
    const { text, action, fields, teams } = await expectConsent(await by.get(linkOf(client)));
    expect(teams.toSorted()).toEqual([second.id, third.id].sort());
    expect(text).toMatch(/You do not hold there: EMM\.DeviceCommands\.LOCK/);
    const accept = { ...fields, decision: "accept" };
    // None, one in which it cannot be, and one that is not theirs.
    const foreign = await makeTeam();
    for (const team of ["", client.team, foreign.id, "team_none"]) {
      await expectConsent(await by.post(action, { ...accept, team }), 400);
    }
    expect(await rows("SELECT id FROM grants WHERE client_id = ?", client.id)).toEqual([]);
    expectReturn(await by.post(action, { ...accept, team: second.id }));
    expect(await rows("SELECT team_id FROM grants WHERE client_id = ?", client.id)).toEqual([
      { team_id: second.id },
    ]);
    // Remembered for that one; once it is for two, the person chooses again.
    expectReturn(await by.get(linkOf(client)));
    expectReturn(await decide(by, linkOf(client, { prompt: "consent" }), "accept", { team: third.id }));
    await expectConsent(await by.get(linkOf(client)));
    expectReturnedError(await by.get(linkOf(client, { prompt: "none" })), "consent_required");
  });

  test("is not offered one that is suspended or wants another sign-in, and is told why", async () => {
    const { client } = await ready();
    const person = await join(client.team, "owner");
    const [suspended, strict] = [await makeTeam(), await makeTeam()];
    await addTo(suspended.id, person.user);
    await addTo(strict.id, person.user);
    await call("PATCH", `/v1/teams/${suspended.id}`, { body: { status: "suspended" } });
    await setSecurity(strict.id, { require_2fa: true });
    const { text, teams } = await expectConsent(await visitor(person).get(linkOf(client)));
    expect(teams).toEqual([client.team]);
    expect(text).toContain("This team is suspended.");
    expect(text).toContain("second factor");
  });

  test("acts by single sign-on in its team alone, and hears of no other", async () => {
    const { client } = await ready();
    const person = await join(client.team, "owner");
    const other = await makeTeam({ name: "A team that is elsewhere" });
    await addTo(other.id, person.user);
    await setSecurity(client.team, { sign_in_methods: ["password", "sso"] });
    const sso = await signIn(person.user, { method: "sso", sso_team_id: client.team });
    const { text, action, fields } = await expectConsent(await visitor(sso).get(linkOf(client)));
    expect(text).not.toContain("A team that is elsewhere");
    await expectConsent(
      await visitor(sso).post(action, { ...fields, team: other.id, decision: "accept" }),
      400,
    );
    expectReturn(await visitor(sso).post(action, { ...fields, decision: "accept" }));
  });
});

describe("a person without the means", () => {
  test("is sent back with what they do not hold", async () => {
    const { client } = await ready();
    const role = await makeRole(client.team, [VIEW_ONLY]);
    const person = visitor(await join(client.team, role.id));
    const why = expectReturnedError(await person.get(linkOf(client)), "access_denied");
    expect(why).toContain("EMM.DeviceCommands.LOCK");
    expect(why).not.toContain("EMM.Devices.VIEW");
    await expectConsent(await person.get(linkOf(client, { scope: VIEW_ONLY })));
  });

  test("is sent back when they are in no team, or in a suspended one alone", async () => {
    const { client, owner } = await ready();
    const elsewhere = await makeTeam();
    const person = await join(elsewhere.id, "owner");
    const other = await join(elsewhere.id, "owner");
    await env.DB.prepare("DELETE FROM members WHERE user_id = ?").bind(person.user).run();
    expectReturnedError(await visitor(person).get(linkOf(client)), "access_denied");
    await call("PATCH", `/v1/teams/${elsewhere.id}`, { body: { status: "suspended" } });
    expectReturnedError(await visitor(other).get(linkOf(client)), "access_denied");
    // A client whose own team is suspended is nobody to send people to.
    await call("PATCH", `/v1/teams/${client.team}`, { body: { status: "suspended" } });
    await expectProblem(await owner.get(linkOf(client)), 400, /suspended/);
  });

  test("sees why where signing in otherwise would help, and can only deny", async () => {
    const { client, owner } = await ready();
    const { action, fields } = await expectConsent(await owner.get(linkOf(client)));
    await setSecurity(client.team, { require_2fa: true });
    const { text } = await expectConsent(await owner.get(linkOf(client)));
    expect(text).toContain("second factor");
    expect(text).not.toContain('value="accept"');
    await expectConsent(await owner.post(action, { ...fields, decision: "accept" }), 400);
    expect(await rows("SELECT id FROM grants WHERE client_id = ?", client.id)).toEqual([]);
    expectReturnedError(await owner.post(action, { ...fields, decision: "deny" }), "access_denied");
  });

  test("gives nothing of what they lost while the page was open", async () => {
    const { client } = await ready();
    const full = await makeRole(client.team, LOCK_SCOPE.split(" "));
    const person = await join(client.team, full.id);
    const by = visitor(person);
    const { action, fields } = await expectConsent(await by.get(linkOf(client)));
    const role = await makeRole(client.team, [VIEW_ONLY]);
    await call("PATCH", `/v1/teams/${client.team}/members/${person.id}`, { body: { role: role.id } });
    expectReturnedError(await by.post(action, { ...fields, decision: "accept" }), "access_denied");
    expect(await rows("SELECT id FROM grants WHERE client_id = ?", client.id)).toEqual([]);
  });
});

describe("between decision and code", () => {
  async function interrupted(during: (client: TestClient, memberId: string) => Promise<unknown>) {
    const { client } = await ready();
    await ownerPerson(client.team);
    const person = await join(client.team, "owner");
    const { action, fields } = await expectConsent(await visitor(person).get(linkOf(client)));
    const { at, reached, release } = await slowWriter();
    const answer = visitor(person, at).post(action, { ...fields, decision: "accept" });
    await reached;
    await during(client, person.id);
    release();
    const response = await answer;
    expect(await rows("SELECT id FROM grants WHERE client_id = ?", client.id)).toEqual([]);
    expect(await rows("SELECT hash FROM grant_tokens WHERE client_id = ?", client.id)).toEqual([]);
    expect(await rows("SELECT client_id FROM consents WHERE client_id = ?", client.id)).toEqual([]);
    return response;
  }

  const change = (sql: string) => (client: TestClient) => env.DB.prepare(sql).bind(client.id).run();

  test("a deleted client gets nothing", async () => {
    const response = await interrupted(change("UPDATE clients SET deleted_at = 1 WHERE id = ?"));
    await expectProblem(response, 400, /No client/);
  });

  test("a redirect URI that was taken back gets nothing", async () => {
    const sql = `UPDATE clients SET redirect_uris = '["https://app.example/new"]', version = 2 WHERE id = ?`;
    await expectProblem(await interrupted(change(sql)), 400, /redirect_uri/);
  });

  test("a removed member gives nothing", async () => {
    const response = await interrupted((_client, memberId) =>
      env.DB.prepare("DELETE FROM members WHERE id = ?").bind(memberId).run(),
    );
    expectReturnedError(response, "access_denied");
  });

  test("whoever has signed out gives nothing", async () => {
    const response = await interrupted(async () => {
      await env.DB.prepare("UPDATE sessions SET ended_at = 1").run();
    });
    expectSignIn(response);
  });
});

describe("grant tokens", () => {
  test("are ten in ten minutes for a client, whoever asks and whether or not they are asked", async () => {
    const { client, owner } = await ready();
    const link = linkOf(client);
    await acceptedCode(owner, link);
    const answers = await Promise.all(Array.from({ length: 14 }, () => owner.get(link)));
    expect(countOf(answers)).toEqual({ 303: 9, 429: 5 });
    const refused = await owner.get(link);
    expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(590);
    await expectProblem(refused, 429, /Too many grant tokens/);
    const asJson = await owner.get(link, { Accept: "application/json" });
    expect(asJson.status).toBe(429);
    expect(Number(asJson.headers.get("Retry-After"))).toBeGreaterThan(590);
    expect(await asJson.json()).toMatchObject({ error: "rate_limited" });
    // The page is shown all the same; it is the eleventh code that is refused.
    const other = visitor(await join(client.team, "owner"));
    const { action, fields } = await expectConsent(await other.get(link));
    await expectProblem(await other.post(action, { ...fields, decision: "accept" }), 429, /Too many/);
    expect(await rows("SELECT hash FROM grant_tokens WHERE client_id = ?", client.id)).toHaveLength(10);
    expectReturnedError(await other.post(action, { ...fields, decision: "deny" }), "access_denied");
  });

  test("are not made while nobody can count them", async () => {
    const { client } = await ready();
    const LIMITER = new Proxy(env.LIMITER, {
      get: () => () => ({ take: () => Promise.reject(new Error("down")) }),
    });
    const at = await startWorker({ LIMITER });
    const owner = visitor(await ownerPerson(client.team), at);
    const { action, fields } = await expectConsent(await owner.get(linkOf(client)));
    const response = await owner.post(action, { ...fields, decision: "accept" });
    await expectProblem(response, 503, /No reliable answer/);
    expect(await rows("SELECT hash FROM grant_tokens WHERE client_id = ?", client.id)).toEqual([]);
  });
});
