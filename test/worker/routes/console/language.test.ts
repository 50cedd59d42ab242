import { beforeAll, describe, expect, test } from "vitest";
import { LANGUAGES } from "../../../../src/domain/language.ts";
import { LANGUAGE_COOKIE } from "../../../../src/routes/session-cookie.ts";
import { consoleTeam, cookieOf, open, submit, type ConsoleTeam } from "../../console-pages.ts";
import { REDIRECT, storeClient } from "../../oauth/support.ts";
import { expectConsent, linkOf, visitor } from "../../oauth/visitor.ts";
import { ORIGIN, startWorker, type Worker } from "../../support.ts";

let there: ConsoleTeam;

beforeAll(async () => {
  there = await consoleTeam();
});

const TITLES = {
  en: "Sign in",
  ja: "サインイン",
  fr: "Connexion",
  ar: "تسجيل الدخول",
  zh: "登录",
  hi: "साइन इन",
  de: "Anmelden",
} as const;

describe("a page", () => {
  test.each(LANGUAGES)("is in %s for whoever's browser asks for it", async (language) => {
    const page = await open(null, "/signin", { "Accept-Language": language });
    expect(page.html).toContain(`<html lang="${language}" dir="${language === "ar" ? "rtl" : "ltr"}">`);
    expect(page.html).toContain(`<h1>${TITLES[language]}</h1>`);
    expect(page.headers.get("Content-Language")).toBe(language);
    expect(page.headers.get("Vary")).toBe("Accept-Language, Cookie");
  });

  test("is in the language that was chosen in this browser, whatever the browser asks for", async () => {
    const cookie = `${LANGUAGE_COOKIE}=ar`;
    const page = await open(null, "/signin", { "Accept-Language": "ja", Cookie: cookie });
    expect(page.html).toContain('<html lang="ar" dir="rtl">');
  });

  test.each(["xx", "en-GB", "", '"><script>', "constructor"])(
    "is in none that was chosen as %j: the browser decides",
    async (chosen) => {
      const cookie = `${LANGUAGE_COOKIE}=${chosen}`;
      const page = await open(null, "/signin", { "Accept-Language": "fr", Cookie: cookie });
      expect(page.html).toContain('<html lang="fr" dir="ltr">');
    },
  );

  test("has dates, numbers and counts as the language writes them", async () => {
    const headers = { "Accept-Language": "de" };
    const { html } = await open(there.owner, `${there.base}/billing`, headers);
    expect(html).toContain("<h1>Abrechnung</h1>");
    const team = await open(there.owner, `${there.base}/team`, headers);
    expect(team.html).toMatch(/<time datetime="[^"]*">\d\d\.\d\d\.\d{4}, \d\d:\d\d<\/time>/);
  });

  test("tells a refusal in the same language", async () => {
    const nobody = await there.with("EMM.Team.VIEW");
    const page = await open(nobody, `${there.base}/members`, { "Accept-Language": "fr" });
    expect(page.html).toContain("<h1>Pas pour votre rôle</h1>");
  });

  test("says in it what the built-in permissions allow, and what an API owner's do in their words", async () => {
    const { html } = await open(there.owner, `${there.base}/access-tokens/new`, { "Accept-Language": "de" });
    expect(html).toContain("Den Bildschirm eines Geräts sofort sperren.");
    expect(html).not.toContain("Lock a device");
  });
});

describe("the consent page", () => {
  test("is in the person's language, with what each scope allows", async () => {
    const client = await storeClient("server", { team_id: there.team.id });
    const answer = await visitor(there.owner).get(linkOf(client), { "Accept-Language": "ja" });
    const { text } = await expectConsent(answer);
    expect(text).toContain('<html lang="ja" dir="ltr">');
    expect(text).toContain("デバイスの画面を直ちにロックする。");
    expect(text).not.toContain("asks to be able");
    expect(text).toContain(new URL(REDIRECT).host);
  });
});

describe("choosing a language", () => {
  const choose = (language: string, next: string, headers?: Readonly<Record<string, string>>) =>
    submit(null, "/language", { language, next }, headers);

  test("keeps it in this browser for a year, and shows the same page again", async () => {
    const chosen = await choose("hi", "/signin?next=%2Fconsole%2Fme");
    expect([chosen.status, chosen.location]).toEqual([303, "/signin?next=%2Fconsole%2Fme"]);
    expect(chosen.headers.get("Set-Cookie")).toBe(
      `${LANGUAGE_COOKIE}=hi; Max-Age=31536000; Path=/; Secure; HttpOnly; SameSite=Lax`,
    );
  });

  test("is offered on every page, with the page's own address, the chosen one marked", async () => {
    const headers = { ...cookieOf(there.owner) };
    headers["Cookie"] += `; ${LANGUAGE_COOKIE}=de`;
    const { html } = await open(null, `${there.base}/members?x=1&y=2`, headers);
    const [form = ""] = html.match(/<form method="post" action="\/language".*?<\/form>/) ?? [];
    expect(form).toContain(`name="next" value="${there.base}/members?x=1&amp;y=2"`);
    expect(form).toContain('<option value="de" lang="de" selected="">Deutsch</option>');
    expect(form.match(/<option /g)).toHaveLength(LANGUAGES.length + 1);
  });

  test("is not offered on the answer to a form, which cannot be asked for again", async () => {
    const { html } = await submit(null, "/signin", { email: "a@example.com", password: "wrong" });
    expect(html).toContain("<h1>");
    expect(html).not.toContain('action="/language"');
  });

  test.each(["", "xx", '"; Path=/'])("of %j forgets the one before", async (language) => {
    const { headers } = await choose(language, "/signin");
    expect(headers.get("Set-Cookie")).toMatch(new RegExp(`^${LANGUAGE_COOKIE}=; Max-Age=0; `));
  });

  test.each(["https://evil.example/", "//evil.example", "/\\evil.example", "signin", ""])(
    "does not lead to %j",
    async (next) => {
      expect((await choose("de", next)).location).toBe("/console");
    },
  );

  test("from another site changes nothing", async () => {
    for (const headers of [{ "Sec-Fetch-Site": "cross-site" }, { Origin: "https://evil.example" }, {}]) {
      const refused = await choose("de", "/signin", headers);
      expect(refused.status).toBe(403);
      expect(refused.headers.get("Set-Cookie")).toBeNull();
      expect(refused.html).toContain("That did not come from this page.");
    }
  });
});

describe("without the files of the other languages", () => {
  const page = async (at: Worker) => {
    const answer = await at(new Request(`${ORIGIN}/signin`, { headers: { "Accept-Language": "ja" } }));
    return answer.text();
  };

  test.each<[string, () => Promise<Response>]>([
    ["there is no such file", async () => new Response(null, { status: 404 })],
    ["they cannot be read", async () => Promise.reject(new Error("no"))],
    ["they are no JSON", async () => new Response("<!doctype html>")],
  ])("pages are in English while %s, and in the other language from when they are there", async (_, fail) => {
    const answers = [fail, async () => Response.json({ signin: { title: "サインイン" } })];
    const files = { fetch: () => answers.shift()?.() ?? fail() } as unknown as Fetcher;
    const at = await startWorker({ ASSETS: files });
    expect(await page(at)).toContain('<html lang="en" dir="ltr">');
    const then = await page(at);
    expect(then).toContain('<html lang="ja" dir="ltr">');
    expect(then).toContain("<h1>サインイン</h1>");
    // What the file leaves out is in English, and the file is read once.
    expect(then).toContain("Email");
    expect(await page(at)).toContain("<h1>サインイン</h1>");
  });

  test("and without the binding they are in English", async () => {
    const at = await startWorker({ ASSETS: undefined as unknown as Fetcher });
    expect(await page(at)).toContain("<h1>Sign in</h1>");
  });
});
