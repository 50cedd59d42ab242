import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  consoleTeam,
  expectHarmless,
  expectNotForRole,
  fieldOf,
  HOSTILE,
  open,
  submit,
} from "../../console-pages.ts";
import { connect, makeKey, openWorld, proveDomain, Provider, type Key } from "../../openid-provider.ts";
import { call, expectAnswer, rows, unique } from "../../support.ts";

let key: Key;
let provider: Provider;

beforeAll(async () => {
  key = await makeKey("RS256");
});

beforeEach(() => {
  provider = new Provider(key);
  openWorld(provider);
});

afterEach(() => vi.unstubAllGlobals());

const SECRET = "a-secret-that-stays";

const connectionsOf = async (team: string) =>
  expectAnswer(await call("GET", `/v1/teams/${team}/sso-connections`), 200, "SsoConnections").sso_connections;

async function provenTeam() {
  const made = await consoleTeam();
  const domain = `${unique("kayak")}.example.org`;
  await proveDomain(made.team.id, domain);
  return { ...made, domain };
}

const formOf = (domain: string, more: Record<string, string> = {}) => ({
  name: "Our login",
  issuer: provider.issuer,
  client_id: "jeton",
  client_secret: SECRET,
  domain,
  ...more,
});

describe("single sign-on", () => {
  test("asks for a proven domain first", async () => {
    const { owner, base } = await consoleTeam();
    const list = await open(owner, `${base}/sso-connections`);
    expect(list.html).toContain("No connection yet.");
    expect(list.html).toContain("/signin/sso/callback");
    const form = await open(owner, `${base}/sso-connections/new`);
    expect(form.html).toContain("First prove a domain");
    expect(form.html).not.toContain('name="issuer"');
  });

  test("is set up with a domain to choose, and its secret is shown nowhere", async () => {
    const { team, owner, base, domain } = await provenTeam();
    expect((await open(owner, `${base}/sso-connections/new`)).html).toContain(`value="${domain}"`);
    const made = await submit(owner, `${base}/sso-connections/new`, formOf(domain));
    expect(made.status).toBe(303);
    const list = await open(owner, made.location ?? "");
    expect(list.html).toContain("Our login is connected.");
    expect(list.html).toContain(`/signin?team=${team.slug}`);
    expect(list.html).not.toContain(SECRET);
    expect(await connectionsOf(team.id)).toHaveLength(1);
  });

  test("keeps what was typed when no provider answers, the secret aside", async () => {
    const { team, owner, base, domain } = await provenTeam();
    const nowhere = formOf(domain, { issuer: "https://nowhere.example.com" });
    const shown = await submit(owner, `${base}/sso-connections/new`, nowhere);
    expect([shown.status, fieldOf(shown, "issuer")]).toEqual([400, "https://nowhere.example.com"]);
    expect(shown.html).not.toContain(SECRET);
    expect(shown.html).toMatch(new RegExp(`value="${domain}" checked`));
    expect(await connectionsOf(team.id)).toEqual([]);
  });

  test("keeps its secret when the form leaves it empty, and names nothing that stays as it was", async () => {
    const { team, owner, base, domain, with: somebody } = await provenTeam();
    const made = await connect(team.id, provider, { allowed_domains: [domain] });
    const read = async () => (await rows("SELECT * FROM sso_connections WHERE id = ?", made.id))[0] ?? {};
    const before = await read();
    const manager = await somebody("EMM.Members.MANAGE");
    const path = `${base}/sso-connections/${made.id}`;
    const shown = await open(manager, path);
    const form = formOf(domain, { name: "Renamed", client_secret: "", etag: fieldOf(shown, "etag") });
    expect((await submit(manager, path, form)).status).toBe(303);
    const after = await read();
    expect(after["name"]).toBe("Renamed");
    expect(after["client_secret"]).toBe(before["client_secret"]);
    // Whoever only renames it does not answer for whom it lets in.
    expect(after["chosen_by_holder"]).toBe(before["chosen_by_holder"]);
    const stale = await submit(owner, path, form);
    expect([stale.status, stale.html.includes("Somebody changed this")]).toEqual([412, true]);
  });

  test("is removed after asking", async () => {
    const { team, owner, base, domain } = await provenTeam();
    const { id } = await connect(team.id, provider, { allowed_domains: [domain] });
    const path = `${base}/sso-connections/${id}/remove`;
    expect((await open(owner, path)).html).toContain("is signed out at once");
    expect((await submit(owner, path, {}, { "Sec-Fetch-Site": "cross-site" })).status).toBe(403);
    expect(await connectionsOf(team.id)).toHaveLength(1);
    expect((await submit(owner, path)).status).toBe(303);
    expect(await connectionsOf(team.id)).toEqual([]);
  });

  test("shows those who may only view no way to change it", async () => {
    const { team, base, domain, with: somebody } = await provenTeam();
    const { id } = await connect(team.id, provider, { allowed_domains: [domain] });
    const viewer = await somebody("EMM.Members.VIEW");
    const { status, html } = await open(viewer, `${base}/sso-connections`);
    expect([status, html.includes(domain)]).toEqual([200, true]);
    expect(html).not.toContain(`/sso-connections/${id}`);
    expectNotForRole(await open(viewer, `${base}/sso-connections/${id}`), "EMM.Members.MANAGE");
    const nobody = await somebody("EMM.Team.VIEW");
    expectNotForRole(await open(nobody, `${base}/sso-connections`), "EMM.Members.VIEW");
  });

  test("escapes hostile names", async () => {
    const { team, owner, base, domain } = await provenTeam();
    const { id } = await connect(team.id, provider, { allowed_domains: [domain], name: HOSTILE });
    for (const path of ["", `/${id}`, `/${id}/remove`]) {
      expectHarmless(await open(owner, `${base}/sso-connections${path}`));
    }
  });
});
