import { exports } from "cloudflare:workers";
import { expect } from "vitest";
import { join, makeRole, type Person } from "./people.ts";
import { makeTeam, ORIGIN, type AnswerBody } from "./support.ts";

/*
 * A browser at the console: it sends what a form says, and looks at the page that comes.
 */

export interface Shown {
  readonly status: number;
  readonly html: string;
  readonly location: string | null;
  readonly headers: Headers;
}

type Form = readonly (readonly [name: string, value: string])[] | Readonly<Record<string, string>>;
type Headings = Readonly<Record<string, string>>;

const SAME_ORIGIN: Headings = { "Sec-Fetch-Site": "same-origin" };

export function open(person: Person | null, path: string, headers: Headings = {}): Promise<Shown> {
  return go(new Request(ORIGIN + path, { headers: { ...cookieOf(person), ...headers }, redirect: "manual" }));
}

/** @param headers what says where the form comes from: this very origin, when left out */
export function submit(
  person: Person | null,
  path: string,
  form: Form = {},
  headers: Headings = SAME_ORIGIN,
): Promise<Shown> {
  const pairs = Array.isArray(form) ? (form as [string, string][]) : Object.entries(form);
  const body = new URLSearchParams(pairs as [string, string][]).toString();
  const sent = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Content-Length": String(body.length),
    ...cookieOf(person),
    ...headers,
  };
  return go(new Request(ORIGIN + path, { method: "POST", headers: sent, body, redirect: "manual" }));
}

async function go(request: Request): Promise<Shown> {
  const response = await exports.default.fetch(request);
  const html = await response.text();
  return {
    status: response.status,
    html,
    location: response.headers.get("Location"),
    headers: response.headers,
  };
}

export function cookieOf(person: Person | null): Record<string, string> {
  const cookie = person?.session.headers?.["Cookie"];
  return cookie == null ? {} : { Cookie: cookie };
}

/** The value of a page's field, as a browser would send it back. */
export function fieldOf({ html }: Shown, name: string): string {
  const [tag] = html.match(new RegExp(`<input[^>]*name="${name}"[^>]*>`)) ?? [];
  expect(tag, `a field ${name} in ${html}`).toBeDefined();
  return unescaped(/value="([^"]*)"/.exec(tag ?? "")?.[1] ?? "");
}

function unescaped(text: string): string {
  return text.replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&amp;", "&");
}

/** A page that was refused for want of a permission: it shows nothing else. */
export function expectNotForRole(shown: Shown, permission: string): void {
  expect(shown.status, shown.html).toBe(403);
  expect(shown.html).toContain("Not for your role");
  expect(shown.html).toContain(permission);
  // The menu has forms of its own.
  expect(shown.html.slice(shown.html.indexOf("<main"))).not.toContain('method="post"');
}

export interface ConsoleTeam {
  readonly team: AnswerBody<"Team">["team"];
  readonly owner: Person;
  /** Where its pages are. */
  readonly base: string;
  /** Somebody who holds nothing but these. */
  with(...permissions: readonly string[]): Promise<Person>;
}

export async function consoleTeam(more: object = {}): Promise<ConsoleTeam> {
  const team = await makeTeam(more);
  return {
    team,
    owner: await join(team.id, "owner"),
    base: `/console/${team.slug}`,
    with: async (...permissions) => join(team.id, (await makeRole(team.id, permissions)).id),
  };
}

/** Text that would do harm on a page that does not escape it. */
export const HOSTILE = `<script>alert("1")</script>'"><img src=x onerror=alert(1)>`;

/** None of it may stand on the page as markup. */
export function expectHarmless({ html }: Shown): void {
  expect(html).not.toContain("<script>alert");
  expect(html).not.toContain("<img");
}
