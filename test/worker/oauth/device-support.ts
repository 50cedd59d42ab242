import { exports } from "cloudflare:workers";
import { expect } from "vitest";
import { join, makeRole, type Person } from "../people.ts";
import { ORIGIN, type Sending, type Worker } from "../support.ts";
import { credentials, LOCK, post, VIEW, type OAuthAnswer, type TestClient } from "./support.ts";

export const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";
export const SCOPE = `${LOCK} ${VIEW} EMM.Groups.VIEW`;

export interface Waiting {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri: string;
  readonly verification_url: string;
  readonly verification_uri_complete: string;
  readonly expires_in: number;
  readonly interval: number;
}

/** A device asks to be let in. */
export function askIn(
  client: TestClient,
  more: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<OAuthAnswer> {
  const parameters = { client_id: client.id, scope: SCOPE, access_type: "offline", ...more };
  return post("/oauth/v2/device", parameters, { headers });
}

export async function waiting(
  client: TestClient,
  more: Readonly<Record<string, string>> = {},
): Promise<Waiting> {
  const { status, body } = await askIn(client, more);
  expect(status, JSON.stringify(body)).toBe(200);
  return body as unknown as Waiting;
}

export function poll(
  client: TestClient,
  deviceCode: string,
  more: Readonly<Record<string, string>> = {},
): Promise<OAuthAnswer> {
  return post("/oauth/v2/token", {
    grant_type: DEVICE_GRANT,
    device_code: deviceCode,
    ...credentials(client),
    ...more,
  });
}

/** Somebody in the team who holds what the device asks for, and no more. */
export async function holderIn(team: string): Promise<Person> {
  return join(team, (await makeRole(team, SCOPE.split(" "))).id);
}

export interface Page {
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
}

/** Sends a form of `/device` as a browser does. */
export async function submit(
  path: "/device" | "/device/decision",
  person: Sending | null,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string | null>> = {},
  at?: Worker,
): Promise<Page> {
  const body = new URLSearchParams(form).toString();
  const all = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Content-Length": String(body.length),
    "Sec-Fetch-Site": "same-origin",
    // Each from an address of their own, so that one test's wrong codes are not counted with another's.
    "CF-Connecting-IP": addressOf(person?.headers?.["Cookie"] ?? ""),
    ...person?.headers,
    ...headers,
  };
  return browse(path, all, { method: "POST", body }, at);
}

/** Opens a page. */
export function open(path: string, person: Sending | null): Promise<Page> {
  return browse(path, { ...person?.headers });
}

async function browse(
  path: string,
  all: Readonly<Record<string, string | null>>,
  init: { readonly method?: string; readonly body?: string } = {},
  at: Worker = (request) => exports.default.fetch(request),
): Promise<Page> {
  const headers = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== null);
  const request = new Request(ORIGIN + path, { ...init, headers, redirect: "manual" });
  const response = await at(request);
  return { status: response.status, headers: response.headers, html: await response.text() };
}

const addresses = new Map<string, string>();

function addressOf(whose: string): string {
  const known = addresses.get(whose) ?? `198.51.100.${addresses.size}`;
  addresses.set(whose, known);
  return known;
}

/** Types a code, as it must be before anything can be decided. */
export function enter(person: Person, userCode: string): Promise<Page> {
  return submit("/device", person.session, { user_code: userCode });
}

export function decide(
  person: Person,
  userCode: string,
  decision: "accept" | "deny",
  team: string,
  at?: Worker,
): Promise<Page> {
  return submit("/device/decision", person.session, { user_code: userCode, decision, team }, {}, at);
}

/** Enters the code and accepts. */
export async function letIn(person: Person, userCode: string, team: string): Promise<void> {
  expect((await enter(person, userCode)).status).toBe(200);
  const page = await decide(person, userCode, "accept", team);
  expect([page.status, page.html], page.html).toEqual([200, expect.stringContaining("Device connected")]);
}
