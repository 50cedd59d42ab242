import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startJeton, type RunningJeton } from "../running-jeton.ts";

/* The device flow over real HTTP: what runs in one isolate elsewhere meets itself from many connections here. */

const OPERATOR = { Authorization: "Bearer jtn-dev-operator-key", "Content-Type": "application/json" };
const PASSWORD = "correct horse battery";
const OWNER = "owner@example.org";
const VIEW = "EMM.Devices.VIEW";

let jeton: RunningJeton;
let team = "";
let client = "";
let cookie = "";

beforeAll(async () => {
  jeton = await startJeton();
  const owner = { email: OWNER, password: PASSWORD };
  const made = await operate<{ team: { id: string } }>("/v1/teams", {
    name: "Devices",
    slug: "devices",
    owner,
  });
  team = made.team.id;
  const registered = await operate<{ client: { id: string } }>(`/v1/teams/${team}/clients`, {
    type: "device",
    name: "Kiosk",
    homepage_url: "https://kiosk.example",
    permissions: [VIEW],
  });
  client = registered.client.id;
  const signedIn = await submit("/signin", { email: OWNER, password: PASSWORD });
  cookie = signedIn.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  if (!cookie.includes("jeton_session=")) throw new Error(`not signed in: ${signedIn.status}`);
});

afterAll(async () => jeton.stop());

async function operate<Body>(path: string, body: object): Promise<Body> {
  const init = { method: "POST", headers: OPERATOR, body: JSON.stringify(body) };
  const response = await fetch(jeton.url + path, init);
  const text = await response.text();
  expect(response.status, text).toBeLessThan(300);
  return JSON.parse(text) as Body;
}

function submit(path: string, form: Readonly<Record<string, string>>): Promise<Response> {
  return fetch(jeton.url + path, {
    method: "POST",
    headers: { "Sec-Fetch-Site": "same-origin", Cookie: cookie },
    body: new URLSearchParams(form),
    redirect: "manual",
  });
}

interface Waiting {
  readonly device_code: string;
  readonly user_code: string;
}

async function waiting(): Promise<Waiting> {
  const body = new URLSearchParams({ client_id: client, scope: VIEW, access_type: "offline" });
  const response = await fetch(`${jeton.url}/oauth/v2/device`, { method: "POST", body });
  expect(response.status).toBe(200);
  const started: Waiting = JSON.parse(await response.text());
  expect((await submit("/device", { user_code: started.user_code })).status).toBe(200);
  return started;
}

function decide({ user_code }: Waiting, decision: "accept" | "deny"): Promise<Response> {
  return submit("/device/decision", { user_code, decision, team });
}

interface Polled {
  readonly access_token?: string;
  readonly refresh_token?: string;
  readonly error?: string;
}

async function poll({ device_code }: Waiting, more: Readonly<Record<string, string>> = {}): Promise<Polled> {
  const grantType = "urn:ietf:params:oauth:grant-type:device_code";
  const body = new URLSearchParams({ grant_type: grantType, device_code, client_id: client, ...more });
  const response = await fetch(`${jeton.url}/oauth/v2/token`, { method: "POST", body });
  return JSON.parse(await response.text()) as Polled;
}

describe("in parallel, over HTTP", () => {
  test("50 polls of an accepted device have one winner, whose answer the same requests get too", async () => {
    const device = await waiting();
    expect((await decide(device, "accept")).status).toBe(200);

    const polled = await Promise.all(Array.from({ length: 50 }, () => poll(device)));

    expect(new Set(polled.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(polled[0]?.access_token).toMatch(/^jtn_at_us_/);
  });

  test("50 polls that are not alike have one winner, and the others end what it got", async () => {
    const device = await waiting();
    await decide(device, "accept");

    const polled = await Promise.all(
      Array.from({ length: 50 }, (_, index) => poll(device, { state: `s${index}` })),
    );

    const won = polled.filter(({ access_token: token }) => token !== undefined);
    expect(won).toHaveLength(1);
    expect(new Set(polled.filter((answer) => answer !== won[0]).map(({ error }) => error))).toEqual(
      new Set(["invalid_grant"]),
    );
    const body = new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: won[0]?.refresh_token ?? "",
      client_id: client,
    });
    const refreshed = await fetch(`${jeton.url}/oauth/v2/token`, { method: "POST", body });
    expect(await refreshed.json()).toMatchObject({ error: "invalid_grant" });
  });

  test("20 accepts and 20 denials have one winner, while the device keeps asking", async () => {
    const device = await waiting();

    const [pages, polled] = await Promise.all([
      Promise.all(
        Array.from({ length: 40 }, (_, index) => decide(device, index % 2 === 0 ? "accept" : "deny")),
      ),
      Promise.all(Array.from({ length: 20 }, () => poll(device))),
    ]);

    const won = pages.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    const accepted = (await won[0]?.text())?.includes("Device connected") ?? false;
    const last = await poll(device);
    if (accepted) expect(last.access_token).toMatch(/^jtn_at_us_/);
    else expect(last.error).toBe("access_denied");
    const given = polled.flatMap(({ access_token: token }) => (token === undefined ? [] : [token]));
    expect(new Set(given).size).toBeLessThanOrEqual(accepted ? 1 : 0);
  });

  test("50 guesses of user codes get 20 tries", async () => {
    const letters = "BCDFGHJKLMNPQRSTVWXZ";
    // The codes of the tests before this one were tries of the same person.
    const guess = (index: number): string =>
      `ZZZZZZ${letters.charAt(index / 20)}${letters.charAt(index % 20)}`;

    const pages = await Promise.all(
      Array.from({ length: 50 }, (_, index) => submit("/device", { user_code: guess(index) })),
    );

    expect(pages.filter(({ status }) => status === 400)).toHaveLength(20 - 3);
    expect(pages.filter(({ status }) => status === 429)).toHaveLength(30 + 3);
  });
});
