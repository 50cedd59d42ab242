import { exports } from "cloudflare:workers";
import { expect } from "vitest";
import type { Person } from "../people.ts";
import { ORIGIN, type Sending, type Worker } from "../support.ts";
import { LOCK_SCOPE, REDIRECT, type TestClient } from "./support.ts";

export const ISSUER = "https://tokens.example.com";
export const AUTH = "/oauth/v2/auth";

/** A browser with somebody signed in, or nobody. */
export interface Visitor {
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  post(
    path: string,
    form: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Response>;
}

export function visitor(session: Sending | Person | null, at?: Worker): Visitor {
  const sending = session !== null && "session" in session ? session.session : session;
  const cookie = sending?.headers?.["Cookie"];
  const own: Record<string, string> = cookie == null ? {} : { Cookie: cookie };
  const send = (request: Request) => (at === undefined ? exports.default.fetch(request) : at(request));
  return {
    get: (path, headers = {}) =>
      send(new Request(ORIGIN + path, { headers: { ...own, ...headers }, redirect: "manual" })),
    post: (path, form, headers = {}) => {
      const body = new URLSearchParams(form).toString();
      const sent = {
        ...own,
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": String(body.length),
        "Sec-Fetch-Site": "same-origin",
        ...headers,
      };
      return send(new Request(ORIGIN + path, { method: "POST", body, headers: sent, redirect: "manual" }));
    },
  };
}

type Query = Readonly<Record<string, string | null>>;

/** The link by which a client sends somebody here; null leaves a parameter out. */
export function linkOf(client: Pick<TestClient, "id">, more: Query = {}, path = AUTH): string {
  const all: Query = {
    client_id: client.id,
    redirect_uri: REDIRECT,
    response_type: "code",
    scope: LOCK_SCOPE,
    state: "s",
    ...more,
  };
  const kept = Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
  return `${path}?${new URLSearchParams(kept as [string, string][]).toString()}`;
}

/** The form of a consent page, as a browser would send it. */
export interface ConsentForm {
  readonly text: string;
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
  /** Ids of the teams that can be chosen. */
  readonly teams: readonly string[];
}

export async function expectConsent(response: Response, status = 200): Promise<ConsentForm> {
  const text = await response.text();
  expect(response.status, text).toBe(status);
  expect(response.headers.get("Content-Type")).toMatch(/^text\/html/);
  expect(text).toContain('value="deny"');
  const [, action = ""] = /<form method="post" action="([^"]*)"/.exec(text) ?? [];
  const inputs = [...text.matchAll(/<input ([^>]*)>/g)].map(([, attributes = ""]) => attributes);
  const valueOf = (attributes: string, name: string) =>
    new RegExp(`${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  const hidden = inputs.filter((attributes) => attributes.includes('type="hidden"'));
  const radios = inputs.filter((attributes) => attributes.includes('type="radio"'));
  const chosen = radios.filter((attributes) => / checked/.test(attributes));
  return {
    text,
    action: unescaped(action),
    fields: Object.fromEntries(
      [...hidden, ...chosen].map((attributes) => [valueOf(attributes, "name"), valueOf(attributes, "value")]),
    ),
    teams: [
      ...hidden.filter((attributes) => valueOf(attributes, "name") === "team"),
      ...radios.filter((attributes) => !/ disabled/.test(attributes)),
    ].map((attributes) => valueOf(attributes, "value")),
  };
}

function unescaped(text: string): string {
  return text.replaceAll("&amp;", "&").replaceAll("&quot;", '"').replaceAll("&#39;", "'");
}

export interface Returned {
  readonly uri: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Expects that the browser is sent back to a redirect URI, by 303 and with the issuer. */
export function expectReturn(response: Response, redirectUri = REDIRECT): Returned {
  const location = response.headers.get("Location") ?? "";
  expect(response.status).toBe(303);
  expect(location.startsWith(redirectUri), location).toBe(true);
  expect(response.headers.get("Referrer-Policy")).toBe("no-referrer");
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  const rest = location.slice(redirectUri.length);
  expect(rest).toMatch(/^[?&]/);
  const parameters = Object.fromEntries(new URLSearchParams(rest.slice(1)));
  expect(parameters["iss"]).toBe(ISSUER);
  return { uri: location, parameters };
}

export function expectReturnedError(response: Response, error: string, redirectUri = REDIRECT): string {
  const { parameters } = expectReturn(response, redirectUri);
  expect(parameters["error"], parameters["error_description"]).toBe(error);
  expect(parameters).not.toHaveProperty("code");
  return parameters["error_description"] ?? "";
}

/** Expects a page that says what is wrong, and leads nowhere. */
export async function expectProblem(response: Response, status: number, words: RegExp): Promise<void> {
  const text = await response.text();
  expect(response.status, text).toBe(status);
  expect(response.headers.get("Location")).toBeNull();
  expect(response.headers.get("Content-Type")).toMatch(/^text\/html/);
  expect(text).toMatch(words);
}

export function expectSignIn(response: Response): string {
  expect(response.status).toBe(303);
  const url = new URL(response.headers.get("Location") ?? "", ORIGIN);
  expect([url.origin, url.pathname]).toEqual([ORIGIN, "/signin"]);
  return url.searchParams.get("next") ?? "";
}

/** Goes through the page, and gives what comes back. */
export async function decide(
  by: Visitor,
  link: string,
  decision: "accept" | "deny" = "accept",
  more: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const { action, fields } = await expectConsent(await by.get(link));
  return by.post(action, { ...fields, decision, ...more });
}

export async function acceptedCode(by: Visitor, link: string, redirectUri = REDIRECT): Promise<string> {
  const { code = "" } = expectReturn(await decide(by, link), redirectUri).parameters;
  expect(code).toMatch(/^jtn_gc_us_/);
  return code;
}

/** How many of the answers have each status. */
export function countOf(answers: readonly Response[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
