import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  call,
  expectAnswer,
  expectRefusal,
  makeTeam,
  rows,
  statusesOf,
  unique,
  wholeStore,
} from "../../support.ts";

/** What the outside world answers, by URL. */
let world = new Map<string, () => Response>();
let asked: string[] = [];

/** Proven once, a name is one team's: each test has its own. */
let acme = "";

const RESOLVER = "https://cloudflare-dns.com/dns-query";

beforeEach(() => {
  world = new Map();
  asked = [];
  acme = `${unique("acme")}.example.org`;
  vi.stubGlobal("fetch", async (input: Request) => {
    asked.push(input.url);
    const nothing = () =>
      input.url.startsWith(RESOLVER) ? Response.json({ Status: 3 }) : new Response("", { status: 404 });
    return (world.get(input.url) ?? nothing)();
  });
});

afterEach(() => vi.unstubAllGlobals());

const ISSUER = "https://login.example.com";
const METADATA = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/authorize`,
  token_endpoint: `${ISSUER}/token`,
  jwks_uri: `${ISSUER}/keys`,
};
const SECRET = "the-provider-secret";

function provide(metadata: object = METADATA, issuer = ISSUER): void {
  world.set(`${issuer}/.well-known/openid-configuration`, () => Response.json(metadata));
}

function answerTxt(name: string, texts: readonly string[]): void {
  const url = `${RESOLVER}?name=${name}&type=TXT`;
  world.set(url, () =>
    Response.json({ Status: 0, Answer: texts.map((text) => ({ type: 16, data: JSON.stringify(text) })) }),
  );
}

async function addDomain(team: string, name: string) {
  return expectAnswer(await call("POST", `/v1/teams/${team}/domains`, { body: { name } }), 201, "Domain")
    .domain;
}

async function proveDomain(team: string, name: string): Promise<string> {
  const domain = await addDomain(team, name);
  answerTxt(domain.dns_record.name, ["something else", domain.dns_record.value]);
  expectAnswer(await call("POST", `/v1/teams/${team}/domains/${domain.id}/verify`), 200, "Domain");
  return domain.id;
}

function connection(more: object = {}) {
  return {
    name: "Login",
    issuer: ISSUER,
    client_id: "jeton",
    client_secret: SECRET,
    allowed_domains: [acme],
    ...more,
  };
}

async function connect(team: string, more: object = {}) {
  return call("POST", `/v1/teams/${team}/sso-connections`, { body: connection(more) });
}

describe("a domain", () => {
  test("is proven by the TXT record that its entry names, and by no other", async () => {
    const { id: team } = await makeTeam();
    const domain = await addDomain(team, acme.toUpperCase());
    expect(domain).toMatchObject({ name: acme, verified_at: null });
    const verify = () => call("POST", `/v1/teams/${team}/domains/${domain.id}/verify`);
    expectRefusal(await verify(), 422, "COM0009");
    answerTxt(domain.dns_record.name, ["jeton-verification=guessed"]);
    expectRefusal(await verify(), 422, "COM0009");
    answerTxt(domain.dns_record.name, [domain.dns_record.value]);
    expect(expectAnswer(await verify(), 200, "Domain").domain.verified_at).not.toBeNull();
  });

  test("is one team's: a second team cannot prove it too, however many try at once", async () => {
    const teams = await Promise.all(Array.from({ length: 4 }, () => makeTeam()));
    const name = `${unique("shared")}.example.org`;
    const domains = await Promise.all(teams.map(({ id }) => addDomain(id, name)));
    answerTxt(
      domains[0]?.dns_record.name ?? "",
      domains.map(({ dns_record: record }) => record.value),
    );
    const answers = await Promise.all(
      domains.map(({ id }, index) => call("POST", `/v1/teams/${teams[index]?.id}/domains/${id}/verify`)),
    );
    expect(statusesOf(answers)).toEqual({ 200: 1, 409: 3 });
    const proofs = await rows(
      "SELECT type FROM audit_events WHERE type = 'domain.verified' AND detail LIKE ?",
      `%${name}%`,
    );
    expect(proofs).toHaveLength(1);
  });

  test.each([
    "localhost",
    "10.0.0.1",
    "acme",
    "a.local",
    "acme.internal",
    "-a.example.org",
    "a b.example.org",
    "1.2.3.4.in-addr.arpa",
  ])("cannot be %s", async (name) => {
    const { id: team } = await makeTeam();
    expectRefusal(await call("POST", `/v1/teams/${team}/domains`, { body: { name } }), 400, "COM0005");
  });

  test("a resolver that does not answer is nobody's proof", async () => {
    const { id: team } = await makeTeam();
    const domain = await addDomain(team, acme);
    const answer = await call("POST", `/v1/teams/${team}/domains/${domain.id}/verify`);
    expectRefusal(answer, 422, "COM0009");
    vi.stubGlobal("fetch", () => Promise.reject(new Error("down")));
    expectRefusal(await call("POST", `/v1/teams/${team}/domains/${domain.id}/verify`), 503, "COM0004");
  });
});

describe("a single sign-on connection", () => {
  test("is tested at save, shown without its secret, changed and removed", async () => {
    const { id: team } = await makeTeam();
    await proveDomain(team, acme);
    provide();
    const made = await connect(team);
    const { sso_connection: sso } = expectAnswer(made, 201, "SsoConnection");
    expect(made.text).not.toContain(SECRET);
    const path = `/v1/teams/${team}/sso-connections/${sso.id}`;
    expect(expectAnswer(await call("GET", path), 200, "SsoConnection").sso_connection).toEqual(sso);
    const etag = (await call("GET", path)).headers.get("ETag") ?? "";
    const renamed = await call("PATCH", path, { body: { name: "New" }, headers: { "If-Match": etag } });
    expect(expectAnswer(renamed, 200, "SsoConnection").sso_connection.name).toBe("New");
    expectRefusal(
      await call("PATCH", path, { body: { name: "X" }, headers: { "If-Match": etag } }),
      412,
      "COM0015",
    );
    expectAnswer(await call("DELETE", path), 200, "SsoConnection");
    expectRefusal(await call("GET", path), 404, "COM0008");
  });

  test("keeps its secret sealed: neither a row nor an audit event holds it", async () => {
    const { id: team } = await makeTeam();
    await proveDomain(team, acme);
    provide();
    expectAnswer(await connect(team), 201, "SsoConnection");
    expect(await wholeStore()).not.toContain(SECRET);
    const [row] = await rows<{ client_secret: string }>(
      "SELECT client_secret FROM sso_connections WHERE team_id = ?",
      team,
    );
    expect(row?.client_secret).toMatch(/^[0-9a-f]{90,}$/);
  });

  test("admits only domains that the team has proven", async () => {
    const { id: team } = await makeTeam();
    const { id: other } = await makeTeam();
    provide();
    expectRefusal(await connect(team), 422, "COM0009");
    await proveDomain(other, acme);
    expectRefusal(await connect(team), 422, "COM0009");
    await addDomain(team, "unproven.example.org");
    expectRefusal(await connect(team, { allowed_domains: ["unproven.example.org"] }), 422, "COM0009");
  });

  test("keeps a domain that it relies on from being taken away", async () => {
    const { id: team } = await makeTeam();
    const domain = await proveDomain(team, acme);
    provide();
    const { sso_connection: sso } = expectAnswer(await connect(team), 201, "SsoConnection");
    expectRefusal(await call("DELETE", `/v1/teams/${team}/domains/${domain}`), 409, "COM0010");
    await call("DELETE", `/v1/teams/${team}/sso-connections/${sso.id}`);
    expectAnswer(await call("DELETE", `/v1/teams/${team}/domains/${domain}`), 200, "Domain");
  });

  test("that alone lets members in cannot be removed", async () => {
    const { id: team } = await makeTeam();
    await proveDomain(team, acme);
    provide();
    const { sso_connection: sso } = expectAnswer(await connect(team), 201, "SsoConnection");
    const only = { sign_in_methods: ["sso"] };
    expectAnswer(await call("PATCH", `/v1/teams/${team}/security`, { body: only }), 200, "Security");
    expectRefusal(await call("DELETE", `/v1/teams/${team}/sso-connections/${sso.id}`), 409, "COM0010");
  });

  test.each([
    ["another issuer than it was asked for", { ...METADATA, issuer: "https://evil.example.com" }],
    ["no token endpoint", { ...METADATA, token_endpoint: undefined }],
    ["an endpoint inside somebody's network", { ...METADATA, jwks_uri: "https://10.0.0.1/keys" }],
    ["an endpoint without TLS", { ...METADATA, token_endpoint: "http://login.example.com/token" }],
  ])("is refused when its provider names %s", async (_what, metadata) => {
    const { id: team } = await makeTeam();
    await proveDomain(team, acme);
    provide(metadata);
    expectRefusal(await connect(team), 422, "COM0009");
  });

  test.each([
    "http://login.example.com",
    "https://login.example.com:8443",
    "https://127.0.0.1",
    "https://[::1]",
    "https://0x7f.1",
    "https://localhost",
    "https://metadata.internal",
    "https://user:pass@login.example.com",
    "https://login.example.com/?a=b",
    "ftp://login.example.com",
  ])("is refused at %s, which nobody calls", async (issuer) => {
    const { id: team } = await makeTeam();
    await proveDomain(team, acme);
    asked = [];
    expectRefusal(await connect(team, { issuer }), 400, "COM0005");
    expect(asked).toEqual([]);
  });

  test("follows no redirect of a provider", async () => {
    const { id: team } = await makeTeam();
    await proveDomain(team, acme);
    world.set(`${ISSUER}/.well-known/openid-configuration`, () =>
      Response.redirect("https://10.0.0.1/", 302),
    );
    expectRefusal(await connect(team), 422, "COM0009");
  });

  test("does not take its secret along to another issuer", async () => {
    const { id: team } = await makeTeam();
    await proveDomain(team, acme);
    provide();
    const { sso_connection: sso } = expectAnswer(await connect(team), 201, "SsoConnection");
    const path = `/v1/teams/${team}/sso-connections/${sso.id}`;
    const other = "https://evil.example.com";
    provide({ ...METADATA, issuer: other }, other);
    const body = { issuer: other };
    const refusal = expectRefusal(await call("PATCH", path, { body }), 400, "COM0005");
    expect(refusal.error_description).toContain("client_secret");
    const both = { ...body, client_secret: "its-own-secret" };
    expectAnswer(await call("PATCH", path, { body: both }), 200, "SsoConnection");
    expectAnswer(await call("PATCH", path, { body }), 200, "SsoConnection");
  });

  test("of another team is out of reach", async () => {
    const { id: team } = await makeTeam();
    const { id: other } = await makeTeam();
    await proveDomain(team, acme);
    provide();
    const { sso_connection: sso } = expectAnswer(await connect(team), 201, "SsoConnection");
    expectRefusal(await call("GET", `/v1/teams/${other}/sso-connections/${sso.id}`), 404, "COM0008");
    expectRefusal(await call("DELETE", `/v1/teams/${other}/sso-connections/${sso.id}`), 404, "COM0008");
  });
});
