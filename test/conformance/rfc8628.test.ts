import { describe, expect, test } from "vitest";
import { driveClock, send } from "../worker/support.ts";
import { expectError, expectTokens, ownerPerson, post, type TestClient } from "../worker/oauth/support.ts";
import {
  decide,
  DEVICE_GRANT,
  enter,
  letIn,
  open,
  poll,
  waiting,
  askIn,
  submit,
} from "../worker/oauth/device-support.ts";
import { signIn } from "../worker/people.ts";
import { DEVICE, readDocument, register, SERVER_METADATA } from "./support.ts";

const clock = driveClock();

async function personOf({ team }: TestClient) {
  const person = await ownerPerson(team);
  return { ...person, session: await signIn(person.user) };
}

describe("asking for codes (sections 3.1 and 3.2)", () => {
  test("RFC 8628, section 3.1: a public client names itself", async () => {
    expectError(await post(DEVICE, { scope: "EMM.Devices.VIEW" }), 401, "invalid_client");
  });

  test("RFC 8628, section 3.1: no value is no parameter, an unknown one is ignored, a repeated one refused", async () => {
    const client = await register("device");
    expect((await askIn(client, { resource: "", nobody_knows: "this" })).status).toBe(200);
    const twice = [
      ["client_id", client.id],
      ["scope", "EMM.Devices.VIEW"],
      ["scope", "EMM.Devices.VIEW"],
    ] as const;
    expectError(await post(DEVICE, twice), 400, "invalid_request");
  });

  test("RFC 8628, section 3.1: the endpoint is a POST, by TLS, and stands in the metadata (section 4)", async () => {
    expect((await send("GET", DEVICE, { as: null })).status).toBe(405);
    const metadata = await readDocument(SERVER_METADATA);
    expect(metadata["device_authorization_endpoint"]).toMatch(/^https:\/\/[^#]+$/);
    expect(metadata["grant_types_supported"]).toContain(DEVICE_GRANT);
  });

  test("RFC 8628, section 3.2: the answer has what is required, as JSON that nobody stores", async () => {
    const { headers, body } = await askIn(await register("device"));
    expect(headers.get("Content-Type")).toMatch(/^application\/json/);
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(body).toMatchObject({
      device_code: expect.any(String) as unknown,
      user_code: expect.any(String) as unknown,
      verification_uri: expect.stringMatching(/^https:\/\//) as unknown,
      expires_in: expect.any(Number) as unknown,
      interval: expect.any(Number) as unknown,
    });
  });
});

describe("the person (section 3.3)", () => {
  test("RFC 8628, section 3.3: types the code, whatever case and punctuation, and decides", async () => {
    const client = await register("device");
    const { device_code, user_code } = await waiting(client);
    const typed = user_code.toLowerCase().replaceAll("-", " ");
    await letIn(await personOf(client), typed, client.team);
    clock.advance(5_000);
    expectTokens(await poll(client, device_code));
  });

  test("RFC 8628, section 3.3.1: who comes by the complete link sees the code, and has to confirm it", async () => {
    const client = await register("device");
    const { device_code, user_code, verification_uri_complete: link } = await waiting(client);
    const { pathname, search } = new URL(link);
    const page = await open(pathname + search, (await personOf(client)).session);
    expect(page.html).toContain(user_code);
    clock.advance(5_000);
    expectError(await poll(client, device_code), 400, "authorization_pending");
  });
});

describe("asking for tokens (sections 3.4 and 3.5)", () => {
  test("RFC 8628, section 3.4: the grant type and the device code are required, and the code is its client's", async () => {
    const [client, other] = [await register("device"), await register("device")];
    const { device_code } = await waiting(client);
    const request = { client_id: client.id, device_code };
    expectError(await post("/oauth/v2/token", request), 400, "invalid_request");
    expectError(await poll(client, ""), 400, "invalid_request");
    expectError(await poll(other, device_code), 400, "invalid_grant");
  });

  test("RFC 8628, section 3.5: authorization_pending until somebody has decided", async () => {
    const client = await register("device");
    const { device_code, interval } = await waiting(client);
    for (let round = 0; round < 2; round += 1) {
      clock.advance(interval * 1000);
      expectError(await poll(client, device_code), 400, "authorization_pending");
    }
  });

  test("RFC 8628, section 3.5: slow_down adds 5 seconds, for this and all later requests", async () => {
    const client = await register("device");
    const { device_code, interval } = await waiting(client);
    clock.advance(interval * 1000);
    expectError(await poll(client, device_code), 400, "authorization_pending");
    clock.advance(interval * 1000 - 1);
    expectError(await poll(client, device_code), 400, "slow_down");
    clock.advance((interval + 5) * 1000 - 1);
    expectError(await poll(client, device_code), 400, "slow_down");
    clock.advance((interval + 10) * 1000);
    expectError(await poll(client, device_code), 400, "authorization_pending");
  });

  test("RFC 8628, section 3.5: access_denied when the person said no", async () => {
    const client = await register("device");
    const { device_code, user_code } = await waiting(client);
    const person = await personOf(client);
    await enter(person, user_code);
    await decide(person, user_code, "deny", client.team);
    clock.advance(5_000);
    expectError(await poll(client, device_code), 400, "access_denied");
  });

  test("RFC 8628, section 3.5: expired_token after expires_in, and nothing can be accepted then", async () => {
    const client = await register("device");
    const { device_code, user_code, expires_in } = await waiting(client);
    clock.advance(expires_in * 1000);
    expectError(await poll(client, device_code), 400, "expired_token");
    expect((await enter(await personOf(client), user_code)).status).toBe(400);
  });
});

describe("security (section 5)", () => {
  test("RFC 8628, section 5.1: user codes are of 20 letters that look unlike, and guesses are counted", async () => {
    const client = await register("device");
    expect((await waiting(client)).user_code).toMatch(
      /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/,
    );
    const { session } = await personOf(client);
    const statuses: number[] = [];
    for (let guess = 0; guess < 21; guess += 1) {
      const letters = "BCDFGHJKLMNPQRSTVWXZ";
      const user_code = `${guess < 20 ? "ZZZZ" : "BBBB"}-ZZZ${letters[guess % 20]}`;
      statuses.push((await submit("/device", session, { user_code })).status);
    }
    expect(statuses.at(-1)).toBe(429);
    // Until guessing is free again.
    clock.advance(600_000);
  });

  test("RFC 8628, section 5.2: device codes are of 128 bits at least", async () => {
    expect((await waiting(await register("device"))).device_code).toMatch(/^jtn_dc_us_[0-9A-Za-z]{36}$/);
  });

  test("RFC 8628, section 5.4: the page names the app, and can be framed by nobody", async () => {
    const client = await register("device", { name: "The kiosk" });
    const { user_code } = await waiting(client);
    const page = await enter(await personOf(client), user_code);
    expect(page.html).toContain("The kiosk");
    expect(page.headers.get("Content-Security-Policy")).toContain("frame-ancestors 'none'");
  });
});
