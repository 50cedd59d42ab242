import { describe, expect, test } from "vitest";
import { ownerPerson, storeClient, type TestClient } from "../oauth/support.ts";
import { AUTH, expectConsent, expectSignIn, linkOf, visitor } from "../oauth/visitor.ts";
import { claimsOf, foreignId, playRegion, post, Regions } from "./support.ts";

const EU = "https://tokens.example.eu";
const nobody = visitor(null);

function everywhere(): Promise<TestClient> {
  return storeClient("server", { regions: '["eu","in"]' });
}

async function signInPage(link: string): Promise<string> {
  const next = expectSignIn(await nobody.get(link));
  return (await nobody.get(`/signin?next=${encodeURIComponent(next)}`)).text();
}

function choose(
  link: string,
  region: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return nobody.post("/signin/region", { next: link, region }, headers);
}

/** What a browser keeps of an answer. */
function cookieOf(response: Response): string {
  return (response.headers.get("Set-Cookie") ?? "").split(";")[0] ?? "";
}

describe("the sign-in page", () => {
  test("offers the regions in which the client is enabled, by their names", async () => {
    const text = await signInPage(linkOf(await everywhere()));
    expect(text).toContain("the region United States");
    expect(text.match(/name="region" value="(\w+)"/g)).toEqual([
      'name="region" value="eu"',
      'name="region" value="in"',
    ]);
    expect(text).toContain("Go on in India");
  });

  test("offers the home region of a client that is enabled here", async () => {
    const regions = new Regions();
    const eu = await playRegion("eu");
    regions.publish(eu);
    const id = foreignId("eu");
    await post(await eu.sign(claimsOf("eu", { id })));
    const text = await signInPage(linkOf({ id }, { scope: "EMM.Devices.VIEW" }));
    expect(text.match(/name="region" value="(\w+)"/g)).toEqual(['name="region" value="eu"']);
  });

  test.each([
    ["for a client that is nowhere else", async () => linkOf(await storeClient())],
    ["on the way to the console", async () => "/console"],
    // It is stored in this region alone (RFC 9126).
    ["for a pushed request", async () => `${AUTH}?client_id=${(await everywhere()).id}&request_uri=urn:x`],
    ["for a client that nobody knows", async () => linkOf({ id: foreignId("eu") })],
  ])("offers none %s", async (_, make) => {
    const page = await nobody.get(`/signin?next=${encodeURIComponent(await make())}`);
    expect(await page.text()).not.toContain('name="region"');
  });
});

describe("who chooses another region", () => {
  test("goes on there with the same request", async () => {
    const link = linkOf(await everywhere(), { state: "a b&c", scope: "EMM.Devices.VIEW EMM.Team.VIEW" });
    const chosen = await choose(link, "eu");
    expect(chosen.status).toBe(303);
    const there = new URL(chosen.headers.get("Location") ?? "");
    expect([there.origin, there.pathname]).toEqual([EU, AUTH]);
    const asked = new URL(link, EU).searchParams;
    asked.set("region", "eu");
    expect([...there.searchParams]).toEqual([...asked]);
    expect(chosen.headers.get("Set-Cookie")).toMatch(
      /^__Host-jeton_region=eu; Max-Age=31536000; Path=\/; Secure; HttpOnly/,
    );
  });

  test("is sent on by itself the next time, signed in here or not", async () => {
    const client = await everywhere();
    const cookie = cookieOf(await choose(linkOf(client), "eu"));
    const again = await nobody.get(linkOf(client, { state: "next" }), { Cookie: cookie });
    expect(again.status).toBe(303);
    const there = new URL(again.headers.get("Location") ?? "");
    expect([there.origin, there.searchParams.get("state")]).toEqual([EU, "next"]);
  });

  test("stays here for a client that is not enabled there, and for a pushed request", async () => {
    const Cookie = "__Host-jeton_region=eu";
    expectSignIn(await nobody.get(linkOf(await storeClient()), { Cookie }));
    const pushed = `${AUTH}?client_id=${(await everywhere()).id}&request_uri=urn:x`;
    expect((await nobody.get(pushed, { Cookie })).status).toBe(400);
  });

  test("can come back: whoever was sent here stays, and the old choice is forgotten", async () => {
    const client = await everywhere();
    const sent = await nobody.get(linkOf(client, { region: "us" }), { Cookie: "__Host-jeton_region=eu" });
    expectSignIn(sent);
    expect(sent.headers.get("Set-Cookie")).toMatch(/^__Host-jeton_region=; Max-Age=0/);
  });

  test("takes no secret along that a client sent here by mistake", async () => {
    const link = linkOf(await everywhere(), { client_secret: "jtn_cs_secret" });
    const sent = await nobody.get(link, { Cookie: "__Host-jeton_region=eu" });
    expect(sent.headers.get("Location")).toContain(EU);
    expect(sent.headers.get("Location")).not.toContain("jtn_cs_secret");
  });
});

describe("nobody is sent anywhere", () => {
  test.each([
    ["to a region in which the client is not", "jp"],
    ["to what is no region", "https://evil.example"],
    ["to nothing", ""],
  ])("%s", async (_, region) => {
    const chosen = await choose(linkOf(await everywhere()), region);
    expect([chosen.status, chosen.headers.get("Location"), chosen.headers.get("Set-Cookie")]).toEqual([
      400,
      null,
      null,
    ]);
  });

  test.each(["https://evil.example/oauth/v2/auth?client_id=x", "//evil.example/oauth/v2/auth?x", "/console"])(
    "by a form that leads to %s",
    async (next) => {
      const chosen = await choose(next, "eu");
      expect([chosen.status, chosen.headers.get("Location")]).toEqual([400, null]);
    },
  );

  test("by a form of another site", async () => {
    const chosen = await choose(linkOf(await everywhere()), "eu", { "Sec-Fetch-Site": "cross-site" });
    expect([chosen.status, chosen.headers.get("Set-Cookie")]).toEqual([400, null]);
  });

  test("by a cookie that names no region", async () => {
    const Cookie = "__Host-jeton_region=evil.example";
    expectSignIn(await nobody.get(linkOf(await everywhere()), { Cookie }));
  });

  test("in the middle of a decision", async () => {
    const client = await everywhere();
    const by = visitor(await ownerPerson(client.team));
    const { action, fields } = await expectConsent(await by.get(linkOf(client)));
    const decided = await by.post(action, { ...fields, decision: "deny" });
    expect(decided.headers.get("Location")).toContain("error=access_denied");
  });
});
