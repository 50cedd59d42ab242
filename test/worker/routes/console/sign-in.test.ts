import { env, exports } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { makeTeam, ORIGIN, unique } from "../../support.ts";

const PASSWORD = "correct horse battery";
const SAME_ORIGIN = { "Sec-Fetch-Site": "same-origin" };

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return exports.default.fetch(new Request(ORIGIN + path, { headers, redirect: "manual" }));
}

function post(path: string, form: Record<string, string>, headers: Record<string, string> = SAME_ORIGIN) {
  const body = new URLSearchParams(form);
  return exports.default.fetch(
    new Request(ORIGIN + path, { method: "POST", body, headers, redirect: "manual" }),
  );
}

async function makeOwner(): Promise<{ team: string; name: string; email: string }> {
  const email = `${unique("owner")}@example.com`;
  const team = await makeTeam({ owner: { email, password: PASSWORD } });
  return { team: team.id, name: team.name, email };
}

async function cookieOf(email: string): Promise<string> {
  const response = await post("/signin", { email, password: PASSWORD });
  expect(response.status).toBe(303);
  return response.headers.get("Set-Cookie")?.split(";")[0] ?? "";
}

describe("signing in", () => {
  test("with the right password leads to the console and shows one's teams", async () => {
    const { name, email } = await makeOwner();
    const page = await get("/console", { Cookie: await cookieOf(email.toUpperCase()) });
    expect(page.status).toBe(200);
    const html = await page.text();
    expect(html).toContain(email);
    expect(html).toContain(name);
  });

  test("sets a cookie for this host alone, over TLS alone, out of the reach of scripts", async () => {
    const { email } = await makeOwner();
    const response = await post("/signin", { email, password: PASSWORD });
    const cookie = response.headers.get("Set-Cookie") ?? "";
    expect(cookie).toMatch(/^__Host-jeton_session=[0-9A-Za-z]{40}; Path=\/; Secure; HttpOnly; SameSite=Lax$/);
    const stored = await env.DB.prepare("SELECT * FROM sessions").all();
    expect(JSON.stringify(stored.results)).not.toContain(cookie.slice(22, 62));
  });

  test("says the same of a wrong password and of an account that does not exist", async () => {
    const { email } = await makeOwner();
    const wrong = await post("/signin", { email, password: "something else" });
    const nobody = await post("/signin", { email: "nobody@example.com", password: "something else" });
    expect([wrong.status, nobody.status]).toEqual([401, 401]);
    const without = (html: string) => html.replaceAll(/value="[^"]*"/g, "");
    expect(without(await wrong.text())).toBe(without(await nobody.text()));
  });

  test("keeps the address that was typed, escaped, and never the password", async () => {
    const response = await post("/signin", {
      email: `"><script>alert(1)</script>`,
      password: "s3cret-s3cret",
    });
    const html = await response.text();
    expect(html).not.toContain("<script>");
    expect(html).not.toContain("s3cret-s3cret");
  });

  test.each([{ "Sec-Fetch-Site": "cross-site" }, { Origin: "https://evil.example" }, {}])(
    "refuses a form that another site sent: %o",
    async (headers) => {
      const { email } = await makeOwner();
      const response = await post("/signin", { email, password: PASSWORD }, headers);
      expect(response.status).toBe(400);
      expect(response.headers.get("Set-Cookie")).toBeNull();
    },
  );

  test("is slowed down after ten wrong attempts from one address, and another address is not", async () => {
    const { email } = await makeOwner();
    const from = (ip: string) => ({ ...SAME_ORIGIN, "CF-Connecting-IP": ip });
    const attempts = await Promise.all(
      Array.from({ length: 12 }, () =>
        post("/signin", { email, password: "wrong wrong" }, from("192.0.2.1")),
      ),
    );
    expect(attempts.filter(({ status }) => status === 401)).toHaveLength(10);
    expect(attempts.filter(({ status }) => status === 429)).toHaveLength(2);
    const owner = await post("/signin", { email, password: PASSWORD }, from("192.0.2.2"));
    expect(owner.status).toBe(303);
  });

  test("shows pages that no other site can frame or script", async () => {
    const page = await get("/signin");
    expect(page.headers.get("Content-Security-Policy")).toContain("default-src 'none'");
    expect(page.headers.get("Content-Security-Policy")).toContain("frame-ancestors 'none'");
    expect(page.headers.get("Cache-Control")).toBe("no-store");
  });
});

describe("a session", () => {
  test("is needed for the console", async () => {
    const response = await get("/console", { Cookie: "__Host-jeton_session=nonsense" });
    expect([response.status, response.headers.get("Location")]).toEqual([303, "/signin"]);
  });

  test("ends at sign-out, for whoever copied the cookie too", async () => {
    const { email } = await makeOwner();
    const cookie = await cookieOf(email);
    const out = await post("/signout", {}, { ...SAME_ORIGIN, Cookie: cookie });
    expect(out.headers.get("Set-Cookie")).toContain("Max-Age=0");
    expect((await get("/console", { Cookie: cookie })).status).toBe(303);
  });

  test("is not ended by another site", async () => {
    const { email } = await makeOwner();
    const cookie = await cookieOf(email);
    await post("/signout", {}, { "Sec-Fetch-Site": "cross-site", Cookie: cookie });
    expect((await get("/console", { Cookie: cookie })).status).toBe(200);
  });

  test("acts on its team's API with all that an owner holds, and on no other team's", async () => {
    const { team, email } = await makeOwner();
    const other = await makeTeam();
    const cookie = await cookieOf(email);
    const own = await get(`/v1/teams/${team}/billing`, { Cookie: cookie });
    const foreign = await get(`/v1/teams/${other.id}/billing`, { Cookie: cookie });
    expect([own.status, foreign.status]).toEqual([200, 403]);
  });
});
