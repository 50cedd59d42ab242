import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { readUserCode } from "../../../src/domain/user-code.ts";
import {
  call,
  check,
  driveClock,
  makeService,
  makeTeam,
  rows,
  sealed,
  send,
  wholeStore,
} from "../support.ts";
import { join, makeRole, signIn, slowWriter } from "../people.ts";
import {
  expectError,
  expectTokens,
  LOCK,
  LOCK_SCOPE,
  post,
  refresh,
  store,
  storeClient,
  WIPE,
} from "./support.ts";
import {
  askIn,
  decide,
  enter,
  holderIn,
  letIn,
  open,
  poll,
  SCOPE,
  submit,
  waiting,
  DEVICE_GRANT,
} from "./device-support.ts";
import { makeProver, prove } from "./proofs.ts";

const clock = driveClock();

const INVALID = "This code is not valid, or no longer.";

async function grantsOf(client: { id: string }) {
  return rows<{ id: string; user_id: string; team_id: string; revoked_at: number | null }>(
    "SELECT id, user_id, team_id, revoked_at FROM grants WHERE client_id = ?",
    client.id,
  );
}

describe("a device that asks to be let in (RFC 8628, section 3.1)", () => {
  test("gets a code for itself and one for a person, with the page where it belongs, and times in seconds", async () => {
    const client = await storeClient("device");

    const answer = await askIn(client);

    expect(answer.status).toBe(200);
    const { user_code: userCode } = answer.body as unknown as { user_code: string };
    expect(userCode).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expect(answer.body).toEqual({
      device_code: expect.stringMatching(/^jtn_dc_us_[0-9A-Za-z]{36}$/) as unknown,
      user_code: userCode,
      verification_uri: "https://tokens.example.com/device",
      verification_url: "https://tokens.example.com/device",
      verification_uri_complete: `https://tokens.example.com/device?user_code=${userCode}`,
      expires_in: 300,
      interval: 5,
    });
  });

  test("leaves neither of its codes readable in the store, nor a plain hash of the short one", async () => {
    const client = await storeClient("device");

    const { device_code: deviceCode, user_code: userCode } = await waiting(client);

    const everything = await wholeStore();
    const plain = userCode.replace("-", "");
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(plain));
    const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
    for (const secret of [deviceCode, deviceCode.slice(-36), userCode, plain, hex]) {
      expect(everything).not.toContain(secret);
    }
  });

  test.each(["server", "self", "browser", "mobile"] as const)(
    "is refused as a client of type %s",
    async (type) => {
      const client = await storeClient(type);
      const secret = type === "server" || type === "self" ? { client_secret: client.secret } : {};

      expectError(await askIn(client, secret), 400, "unauthorized_client");
      const polled = await poll(client, sealed("dc"));
      expectError(polled, 400, "unauthorized_client");
    },
  );

  test("is refused for an unknown client, no scope, an unknown one, or one beyond its client's", async () => {
    const client = await storeClient("device", { permissions: JSON.stringify(LOCK_SCOPE.split(" ")) });

    expectError(await askIn({ ...client, id: "cli_us_nobody" }), 401, "invalid_client");
    expectError(await post("/oauth/v2/device", { client_id: client.id }), 400, "invalid_scope");
    expectError(await askIn(client, { scope: "EMM.Devices.FLY" }), 400, "invalid_scope");
    expect(expectError(await askIn(client, { scope: `${SCOPE} ${WIPE}` }), 400, "invalid_scope")).toContain(
      WIPE,
    );
    // What a permission requires has to be asked for with it.
    expectError(await askIn(client, { scope: LOCK }), 400, "invalid_scope");
    expectError(await askIn(client, { access_type: "sometimes" }), 400, "invalid_request");
    expectError(await askIn(client, { resource: "no-uri" }), 400, "invalid_target");
    expect(await rows("SELECT 1 FROM device_codes WHERE client_id = ?", client.id)).toEqual([]);
  });

  test("may write access_type in any case, and its parameters in the query or in multipart", async () => {
    const client = await storeClient("device");
    const parameters = { client_id: client.id, scope: SCOPE, access_type: "OFFLINE" };
    const form = new FormData();
    for (const [name, value] of Object.entries(parameters)) form.append(name, value);
    const encoded = new Response(form);

    expect((await post(`/oauth/v2/device?${new URLSearchParams(parameters).toString()}`, {})).status).toBe(
      200,
    );
    const multipart = await send("POST", "/oauth/v2/device", {
      as: null,
      headers: { "Content-Type": encoded.headers.get("Content-Type") ?? "" },
      body: new Uint8Array(await encoded.arrayBuffer()),
    });

    expect(multipart.status).toBe(200);
    expectError(await post(`/oauth/v2/device?client_id=${client.id}`, parameters), 400, "invalid_request");
  });

  test("cannot ask without end from one address, while others still can", async () => {
    const client = await storeClient("device");
    const from = (ip: string) => askIn(client, {}, { "CF-Connecting-IP": ip });

    const answers = await Promise.all(Array.from({ length: 105 }, () => from("203.0.113.5")));

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(100);
    const refused = await from("203.0.113.5");
    expectError(refused, 429, "rate_limited");
    expect((await from("203.0.113.6")).status).toBe(200);
    clock.advance(Number(refused.headers.get("Retry-After")) * 1000);
    expect((await from("203.0.113.5")).status).toBe(200);
  });

  test("gets another user code when the one that was drawn is somebody's", async () => {
    const client = await storeClient("device");
    const { user_code: taken } = await waiting(client);
    const [row] = await rows<{ user_code_hash: string }>(
      "SELECT user_code_hash FROM device_codes WHERE client_id = ?",
      client.id,
    );
    const letters = "BCDFGHJKLMNPQRSTVWXZ";
    const drawn = Array.from(taken.replace("-", ""), (letter) => letters.indexOf(letter));
    const original = crypto.getRandomValues.bind(crypto);
    let replayed = 0;
    const random = vi.spyOn(crypto, "getRandomValues").mockImplementation((array) => {
      if (array instanceof Uint8Array && array.length === 8 && replayed < 2) {
        replayed += 1;
        array.set(drawn);
        return array;
      }
      return original(array);
    });

    const next = await waiting(client).finally(() => random.mockRestore());

    expect(replayed).toBe(2);
    expect(next.user_code).not.toBe(taken);
    expect(row?.user_code_hash).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("the page of the device flow", () => {
  test("sends whoever is not signed in to do so, and back with the code", async () => {
    const client = await storeClient("device");
    const { user_code: userCode } = await waiting(client);

    const response = await open(`/device?user_code=${userCode.toLowerCase()}`, null);

    expect(response.status).toBe(303);
    const next = encodeURIComponent(`/device?user_code=${userCode}`);
    expect(response.headers.get("Location")).toBe(`/signin?next=${next}`);
    const posted = await submit("/device", null, { user_code: userCode });
    expect([posted.status, posted.headers.get("Location")]).toEqual([303, `/signin?next=${next}`]);
  });

  test("only fills the code in from the link: nothing is looked for or decided by opening it", async () => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    const { user_code: userCode, device_code: deviceCode } = await waiting(client);

    const { html } = await open(`/device?user_code=${userCode}&decision=accept`, person.session);

    expect(html).toContain(`value="${userCode}"`);
    expect(html).not.toContain("Accept");
    expect(await rows("SELECT status, claimed_by FROM device_codes WHERE client_id = ?", client.id)).toEqual([
      { status: "pending", claimed_by: null },
    ]);
    expectError(await poll(client, deviceCode), 400, "authorization_pending");
  });

  test("repeats nothing that is no code", async () => {
    const person = await holderIn((await makeTeam()).id);

    const { html } = await open("/device?user_code=%22%3E%3Cscript%3E", person.session);

    expect(html).not.toContain("script");
  });

  test("cannot be framed or run anything", async () => {
    const person = await holderIn((await makeTeam()).id);

    const { headers } = await open("/device", person.session);

    expect(headers.get("X-Frame-Options")).toBe("DENY");
    expect(headers.get("Content-Security-Policy")).toContain("frame-ancestors 'none'");
    expect(headers.get("Content-Security-Policy")).toContain("default-src 'none'");
    expect(headers.get("Cache-Control")).toBe("no-store");
  });

  test("names the app, what it asks for in words, strict ones marked, and warns of codes that somebody sent", async () => {
    const client = await storeClient("device", { name: "Kiosk <b>" });
    const person = await join(client.team, "owner");
    const { user_code: userCode } = await waiting(client, { scope: `${SCOPE} ${WIPE}` });

    const { status, html } = await enter(person, userCode);

    expect(status).toBe(200);
    expect(html).toContain("<bdi>Kiosk &lt;b&gt;</bdi>");
    expect(html).toContain(
      `Only continue if the code <bdi class="whole">${userCode}</bdi> is on a device in front of you.`,
    );
    expect(html).toContain("If somebody sent it");
    const items = html.match(/<li>.*?<\/li>/g) ?? [];
    const strict = items.filter((item) => item.includes("Strict"));
    expect(items.length).toBeGreaterThan(3);
    expect(strict).toHaveLength(1);
    expect(strict[0]).toContain(WIPE);
    expect(strict[0]).toContain("Erase everything on a device");
    expect(html).toMatch(/<button[^>]*value="accept"/);
    expect(html).toMatch(/<button[^>]*value="deny"/);
  });

  test.each([
    ["lower case", (code: string) => code.toLowerCase()],
    ["without a dash", (code: string) => code.replace("-", "")],
    ["with spaces", (code: string) => ` ${Array.from(code.replace("-", "")).join(" ")} `],
  ])("takes a code in %s", async (_, written) => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    const { user_code: userCode } = await waiting(client);

    expect((await enter(person, written(userCode))).html).toContain("Deny");
  });

  test("offers each team where the person holds all of it, and says why not the others", async () => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    const second = await makeTeam();
    const poor = await makeTeam();
    const suspended = await makeTeam();
    const [secondRole, poorRole] = [
      await makeRole(second.id, SCOPE.split(" ")),
      await makeRole(poor.id, ["EMM.Devices.VIEW"]),
    ];
    for (const [team, role] of [
      [second.id, secondRole.id],
      [poor.id, poorRole.id],
      [suspended.id, "owner"],
    ] as const) {
      await store("members", {
        id: `mem_${team}`,
        team_id: team,
        email: person.email,
        user_id: person.user,
        role,
        status: "active",
        invited_by: "operator",
        version: 1,
        changed_by: "test",
        created_at: 0,
        joined_at: 0,
      });
    }
    await call("PATCH", `/v1/teams/${suspended.id}`, { body: { status: "suspended" } });
    const { user_code: userCode } = await waiting(client);

    const { html } = await enter(person, userCode);

    const teams = (html.match(/<input type="radio"[^>]*>/g) ?? []).map((radio) => ({
      id: /value="([^"]+)"/.exec(radio)?.[1],
      open: !radio.includes("disabled"),
    }));
    expect(teams).toHaveLength(4);
    expect(teams.flatMap(({ id = "", open: isOpen }) => (isOpen ? [id] : [])).toSorted()).toEqual(
      [client.team, second.id].toSorted(),
    );
    expect(html).toContain("You do not hold there: EMM.DeviceCommands.LOCK.");
    expect(html).toContain("This team is suspended.");
    const page = await decide(person, userCode, "accept", suspended.id);
    expect([page.status, page.html]).toEqual([
      403,
      expect.stringContaining("You cannot let it into this team"),
    ]);
    await letIn(person, userCode, second.id);
    expect(await grantsOf(client)).toMatchObject([{ team_id: second.id, user_id: person.user }]);
  });
});

describe("an accepted device", () => {
  test("gets tokens that act for the person, in the team, and may what was granted", async () => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    const { user_code: userCode, device_code: deviceCode } = await waiting(client);
    expectError(await poll(client, deviceCode), 400, "authorization_pending");

    await letIn(person, userCode, client.team);

    const tokens = expectTokens(await poll(client, deviceCode, { state: "xyz" }));
    expect(tokens).toEqual({
      access_token: expect.stringMatching(/^jtn_at_us_/) as unknown,
      refresh_token: expect.stringMatching(/^jtn_rt_us_/) as unknown,
      api_domain: "https://tokens.example.com",
      token_type: "Bearer",
      expires_in: 3600,
      scope: LOCK_SCOPE,
      state: "xyz",
    });
    const { key } = await makeService();
    expect(
      await check(key, { token: tokens.access_token, permissions: [LOCK], team: client.team }),
    ).toMatchObject({ allowed: true, token: { client_id: client.id, user_id: person.user } });
    // A device is a public client: its refresh tokens rotate.
    const next = expectTokens(await refresh(client, tokens.refresh_token ?? ""));
    expect(next.refresh_token).not.toBe(tokens.refresh_token);
    const audit = await rows<{ type: string; actor_owner: string; team_id: string; detail: string }>(
      "SELECT type, actor_owner, team_id, detail FROM audit_events WHERE type LIKE 'grant.%' ORDER BY id",
    );
    const ours = audit.filter(({ detail }) => detail.includes(client.id));
    expect(ours.map(({ type }) => type).toSorted()).toEqual([
      "grant.accepted",
      "grant.redeemed",
      "grant.refreshed",
    ]);
    expect(ours.find(({ type }) => type === "grant.accepted")).toMatchObject({
      actor_owner: person.user,
      team_id: client.team,
    });
  });

  test("that proves a key gets tokens that are bound to it, the refresh token too", async () => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    const prover = await makeProver();
    const { user_code: userCode, device_code: deviceCode } = await waiting(client);
    await letIn(person, userCode, client.team);
    const proven = async (parameters: Record<string, string>, by = prover) =>
      post(
        "/oauth/v2/token",
        { client_id: client.id, ...parameters },
        { headers: { DPoP: await prove(by) } },
      );

    const first = await proven({ grant_type: DEVICE_GRANT, device_code: deviceCode });

    const tokens = expectTokens(first);
    expect(tokens.token_type).toBe("DPoP");
    const again = { grant_type: "refresh_token", refresh_token: tokens.refresh_token ?? "" };
    expectError(await refresh(client, tokens.refresh_token ?? ""), 400, "invalid_grant");
    expectError(await proven(again, await makeProver()), 400, "invalid_grant");
    expect(expectTokens(await proven(again)).token_type).toBe("DPoP");
  });

  test("can exchange its access token for a narrower one", async () => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    const { user_code: userCode, device_code: deviceCode } = await waiting(client);
    await letIn(person, userCode, client.team);
    const { access_token: token } = expectTokens(await poll(client, deviceCode));

    const next = await post("/oauth/v2/token", {
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: token,
      subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
      client_id: client.id,
      scope: "EMM.Devices.VIEW",
    });

    expect(expectTokens(next).scope).not.toContain(LOCK);
  });

  test("gets no refresh token unless it asked for offline access", async () => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    const parameters = { client_id: client.id, scope: SCOPE };
    const { body } = await post("/oauth/v2/device", parameters);
    const { user_code: userCode, device_code: deviceCode } = body as unknown as {
      user_code: string;
      device_code: string;
    };

    await letIn(person, userCode, client.team);

    expect(expectTokens(await poll(client, deviceCode))).not.toHaveProperty("refresh_token");
  });

  test("gets a token for the resources that it named, and for no others", async () => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    const resource = "https://devices.example";
    const first = await waiting(client, { resource });
    await letIn(person, first.user_code, client.team);

    const elsewhere = await poll(client, first.device_code, { resource: "https://else.example" });

    expectError(elsewhere, 400, "invalid_target");
    const { access_token: token } = expectTokens(await poll(client, first.device_code));
    const { key } = await makeService({ resource });
    const { key: other } = await makeService({ resource: "https://else.example" });
    expect(await check(key, { token })).toMatchObject({ allowed: true });
    expect(await check(other, { token })).toMatchObject({ allowed: false, reason: "wrong_audience" });
  });

  test("gets the same answer again for the same request within 10 s, and another use later ends all of it", async () => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    const { user_code: userCode, device_code: deviceCode } = await waiting(client);
    await letIn(person, userCode, client.team);
    const tokens = expectTokens(await poll(client, deviceCode));

    clock.advance(10_000);
    expect(expectTokens(await poll(client, deviceCode))).toEqual(tokens);
    clock.advance(1);

    expect(expectError(await poll(client, deviceCode), 400, "invalid_grant")).toContain("used before");
    expectError(await refresh(client, tokens.refresh_token ?? ""), 400, "invalid_grant");
    const { key } = await makeService();
    expect(await check(key, { token: tokens.access_token })).toMatchObject({ reason: "revoked_token" });
    expect(
      await rows("SELECT type FROM audit_events WHERE type = 'grant.revoked' AND actor = ?", client.id),
    ).toHaveLength(1);
    // Nothing more happens by asking again.
    expectError(await poll(client, deviceCode), 400, "invalid_grant");
    expect(
      await rows("SELECT type FROM audit_events WHERE type = 'grant.revoked' AND actor = ?", client.id),
    ).toHaveLength(1);
  });

  test("loses it by another request with the same code at once", async () => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    const { user_code: userCode, device_code: deviceCode } = await waiting(client);
    await letIn(person, userCode, client.team);
    const tokens = expectTokens(await poll(client, deviceCode));

    expectError(await poll(client, deviceCode, { scope: "EMM.Devices.VIEW" }), 400, "invalid_grant");

    expectError(await refresh(client, tokens.refresh_token ?? ""), 400, "invalid_grant");
  });

  test("of 50 polls at once has one winner, and all get its answer", async () => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    const { user_code: userCode, device_code: deviceCode } = await waiting(client);
    await letIn(person, userCode, client.team);

    const answers = await Promise.all(Array.from({ length: 50 }, () => poll(client, deviceCode)));

    const given = new Set(answers.map(({ body }) => body.access_token ?? "none"));
    expect(given).not.toContain("none");
    expect(given.size).toBe(1);
    const [grant] = await grantsOf(client);
    expect(await rows("SELECT id FROM access_tokens WHERE grant_id = ?", grant?.id)).toHaveLength(1);
    expect(await rows("SELECT id FROM refresh_tokens WHERE grant_id = ?", grant?.id)).toHaveLength(1);
  });

  test("gets nothing any more once the code has expired, its person has left or its client is gone", async () => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    const late = await waiting(client);
    const left = await waiting(client);
    await letIn(person, late.user_code, client.team);
    await letIn(person, left.user_code, client.team);

    await call("DELETE", `/v1/teams/${client.team}/members/${person.id}`);
    expectError(await poll(client, left.device_code), 400, "invalid_grant");
    clock.advance(300_000);
    expectError(await poll(client, late.device_code), 400, "expired_token");
    await env.DB.prepare("UPDATE clients SET deleted_at = 1 WHERE id = ?").bind(client.id).run();
    expectError(await poll(client, late.device_code), 401, "invalid_client");
  });

  test("gets what its person still holds when the token is made, and not what was lost meanwhile", async () => {
    const client = await storeClient("device");
    const role = await makeRole(client.team, SCOPE.split(" "));
    const person = await join(client.team, role.id);
    const { user_code: userCode, device_code: deviceCode } = await waiting(client);
    await letIn(person, userCode, client.team);

    await call("PATCH", `/v1/teams/${client.team}/roles/${role.id}`, {
      body: { permissions: ["EMM.Devices.VIEW"] },
    });

    expect(expectTokens(await poll(client, deviceCode)).scope).not.toContain(LOCK);
  });
});

describe("a device that waits", () => {
  test("is told to slow down when it asks too often, each time by 5 s more, for good", async () => {
    const client = await storeClient("device");
    const { device_code: deviceCode } = await waiting(client);

    expectError(await poll(client, deviceCode), 400, "authorization_pending");
    clock.advance(4_999);
    expect(expectError(await poll(client, deviceCode), 400, "slow_down")).toContain("10 seconds");
    clock.advance(9_999);
    expect(expectError(await poll(client, deviceCode), 400, "slow_down")).toContain("15 seconds");
    clock.advance(15_000);
    expectError(await poll(client, deviceCode), 400, "authorization_pending");
    clock.advance(14_999);
    expectError(await poll(client, deviceCode), 400, "slow_down");
  });

  test("makes only itself wait", async () => {
    const client = await storeClient("device");
    const hasty = await waiting(client);
    const patient = await waiting(client);
    for (let asked = 0; asked < 3; asked += 1) await poll(client, hasty.device_code);

    expectError(await poll(client, patient.device_code), 400, "authorization_pending");
  });

  test("of 20 polls at once one is in time, and each of the others adds its 5 s", async () => {
    const client = await storeClient("device");
    const { device_code: deviceCode } = await waiting(client);

    const answers = await Promise.all(Array.from({ length: 20 }, () => poll(client, deviceCode)));

    expect(answers.filter(({ body }) => body.error === "authorization_pending")).toHaveLength(1);
    expect(answers.filter(({ body }) => body.error === "slow_down")).toHaveLength(19);
    expect(await rows("SELECT interval_seconds FROM device_codes WHERE client_id = ?", client.id)).toEqual([
      { interval_seconds: 5 + 19 * 5 },
    ]);
  });

  test("is told that its code has expired, to the second", async () => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    const { device_code: deviceCode, user_code: userCode } = await waiting(client);

    clock.advance(299_999);
    expectError(await poll(client, deviceCode), 400, "authorization_pending");
    expect((await enter(person, userCode)).status).toBe(200);
    clock.advance(1);

    expectError(await poll(client, deviceCode), 400, "expired_token");
    const page = await decide(person, userCode, "accept", client.team);
    expect([page.status, page.html]).toEqual([400, expect.stringContaining(INVALID)]);
    expect(await grantsOf(client)).toEqual([]);
  });

  test("is told that it was denied, and nothing can let it in any more", async () => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    const { device_code: deviceCode, user_code: userCode } = await waiting(client);
    await enter(person, userCode);

    const denied = await decide(person, userCode, "deny", client.team);

    expect([denied.status, denied.html]).toEqual([200, expect.stringContaining("turned away")]);
    expectError(await poll(client, deviceCode), 400, "access_denied");
    expect((await decide(person, userCode, "accept", client.team)).html).toContain(INVALID);
    expectError(await poll(client, deviceCode), 400, "access_denied");
    expect(await grantsOf(client)).toEqual([]);
    expect(
      await rows(
        "SELECT actor_owner, team_id FROM audit_events WHERE type = 'grant.denied' AND subject = ?",
        client.id,
      ),
    ).toEqual([{ actor_owner: person.user, team_id: client.team }]);
  });
});

describe("a device code is refused", () => {
  test("when another client presents it, which ends nothing", async () => {
    const client = await storeClient("device");
    const other = await storeClient("device");
    const person = await holderIn(client.team);
    const { device_code: deviceCode, user_code: userCode } = await waiting(client);

    expect(expectError(await poll(other, deviceCode), 400, "invalid_grant")).toContain("another client");
    await letIn(person, userCode, client.team);
    expectError(await poll(other, deviceCode), 400, "invalid_grant");
    const tokens = expectTokens(await poll(client, deviceCode));
    // Not even after its use, when a second use by its own client would be a replay.
    expectError(await poll(other, deviceCode), 400, "invalid_grant");
    expectTokens(await refresh(client, tokens.refresh_token ?? ""));
  });

  test("when it is forged: a right beginning with another end changes nothing and is not looked for", async () => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    const { device_code: deviceCode, user_code: userCode } = await waiting(client);
    await letIn(person, userCode, client.team);
    const tail = sealed("dc").slice(-12);

    expectError(await poll(client, deviceCode.slice(0, -12) + tail), 400, "invalid_grant");
    expectError(await poll(client, deviceCode.slice(0, -1)), 400, "invalid_grant");
    // Its tag holds, but nobody was ever given it.
    expectError(await poll(client, sealed("dc")), 400, "invalid_grant");
    expectError(await poll(client, sealed("dc", { key: "another-key" })), 400, "invalid_grant");

    expectTokens(await poll(client, deviceCode));
  });

  test("when it is of another region, which is named with its address", async () => {
    const client = await storeClient("device");

    const description = expectError(await poll(client, sealed("dc", { region: "eu" })), 400, "invalid_grant");

    expect(description).toMatch(/region eu.*https:/);
  });

  test("when it is none, or another kind of credential", async () => {
    const client = await storeClient("device");

    expectError(
      await post("/oauth/v2/token", {
        grant_type: "urn:ietf:params:oauth:grant-type:device_code",
        client_id: client.id,
      }),
      400,
      "invalid_request",
    );
    expectError(await poll(client, sealed("gc")), 400, "invalid_grant");
  });
});

describe("a decision", () => {
  test("of 10 accepts and 10 denials at once is one, and the device gets what it says", async () => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    for (let round = 0; round < 3; round += 1) {
      const { device_code: deviceCode, user_code: userCode } = await waiting(client);
      await enter(person, userCode);
      const before = (await grantsOf(client)).length;

      const pages = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          decide(person, userCode, index % 2 === 0 ? "accept" : "deny", client.team),
        ),
      );

      const won = pages.filter(({ status }) => status === 200);
      expect(won).toHaveLength(1);
      const accepted = won[0]?.html.includes("Device connected") ?? false;
      expect((await grantsOf(client)).length - before).toBe(accepted ? 1 : 0);
      const answer = await poll(client, deviceCode);
      if (accepted) expectTokens(answer);
      else expectError(answer, 400, "access_denied");
    }
    const audit = await rows(
      "SELECT 1 FROM audit_events WHERE type IN ('grant.accepted', 'grant.denied') AND detail LIKE ?",
      `%${client.id}%`,
    );
    expect(audit).toHaveLength(3);
  });

  test("belongs to who entered the code first: to everybody else it is as if there were no such code", async () => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    const thief = await join((await makeTeam()).id, "owner");
    const colleague = await holderIn(client.team);
    const { device_code: deviceCode, user_code: userCode } = await waiting(client);
    expect((await enter(person, userCode)).html).toContain("Deny");

    for (const other of [thief, colleague]) {
      expect((await enter(other, userCode)).html).toContain(INVALID);
      expect((await decide(other, userCode, "accept", client.team)).html).toContain(INVALID);
      expect((await decide(other, userCode, "deny", client.team)).html).toContain(INVALID);
    }

    expectError(await poll(client, deviceCode), 400, "authorization_pending");
    await letIn(person, userCode, client.team);
    expect((await decide(colleague, userCode, "deny", client.team)).html).toContain(INVALID);
    expect(await grantsOf(client)).toMatchObject([{ user_id: person.user }]);
  });

  test("of several people who enter a code at once is one person's alone", async () => {
    const client = await storeClient("device");
    const people = [await holderIn(client.team), await holderIn(client.team), await holderIn(client.team)];
    const { user_code: userCode } = await waiting(client);

    const entered = await Promise.all(people.map((person) => enter(person, userCode)));
    const decided = await Promise.all(
      people.map((person) => decide(person, userCode, "accept", client.team)),
    );

    expect(entered.filter(({ html }) => html.includes("Deny"))).toHaveLength(1);
    expect(decided.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await grantsOf(client)).toHaveLength(1);
  });

  test("acts for whoever is signed in, whatever the form says", async () => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    const victim = await join(client.team, "owner");
    const { user_code: userCode } = await waiting(client);
    await enter(person, userCode);

    await submit("/device/decision", person.session, {
      user_code: userCode,
      decision: "accept",
      team: client.team,
      user: victim.user,
      user_id: victim.user,
      userId: victim.user,
    });

    expect(await grantsOf(client)).toMatchObject([{ user_id: person.user }]);
  });

  test("that another site's page sends is none, nor is one without a session", async () => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    const { device_code: deviceCode, user_code: userCode } = await waiting(client);
    await enter(person, userCode);
    const form = { user_code: userCode, decision: "accept", team: client.team };

    for (const headers of [
      { "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "same-site" },
      { "Sec-Fetch-Site": null, Origin: "https://evil.example" },
      { "Sec-Fetch-Site": null },
    ]) {
      for (const path of ["/device", "/device/decision"] as const) {
        const { status } = await submit(path, person.session, form, headers);
        expect([status, path, headers]).toEqual([303, path, headers]);
      }
    }
    expect((await submit("/device/decision", null, form)).status).toBe(303);
    const byLink = await open(`/device/decision?${new URLSearchParams(form).toString()}`, person.session);
    expect(byLink.status).toBe(404);

    expectError(await poll(client, deviceCode), 400, "authorization_pending");
  });

  test.each([
    ["signs out", "UPDATE sessions SET ended_at = 1 WHERE user_id = ?"],
    ["leaves the team", "DELETE FROM members WHERE user_id = ?"],
  ])("by somebody who meanwhile %s leaves nothing behind", async (_, change) => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    const { user_code: userCode } = await waiting(client);
    await enter(person, userCode);
    const writer = await slowWriter();

    const page = decide(person, userCode, "accept", client.team, writer.at);
    await writer.reached;
    await env.DB.prepare(change).bind(person.user).run();
    writer.release();

    expect((await page).status).toBe(400);
    expect(await grantsOf(client)).toEqual([]);
  });

  test("confers nothing that the person does not hold in the chosen team, and the page says what", async () => {
    const client = await storeClient("device");
    const poor = await join(client.team, (await makeRole(client.team, ["EMM.Devices.VIEW"])).id);
    const { device_code: deviceCode, user_code: userCode } = await waiting(client);

    const entered = await enter(poor, userCode);
    const page = await decide(poor, userCode, "accept", client.team);

    expect(entered.html).toContain("You do not hold there: EMM.DeviceCommands.LOCK.");
    expect(entered.html).not.toMatch(/value="accept"/);
    expect(page.status).toBe(403);
    expect(page.html).toContain("You do not hold this in the team: EMM.DeviceCommands.LOCK");
    expectError(await poll(client, deviceCode), 400, "authorization_pending");
    expect(await grantsOf(client)).toEqual([]);
  });

  test("cannot be for a team that is not the person's", async () => {
    const client = await storeClient("device");
    const person = await join((await makeTeam()).id, "owner");
    const { user_code: userCode } = await waiting(client);
    await enter(person, userCode);

    expect((await decide(person, userCode, "accept", client.team)).status).toBe(403);
    const denied = await decide(person, userCode, "deny", client.team);

    expect(denied.status).toBe(200);
    // Nor is anything written into that team's trail.
    expect(
      await rows("SELECT team_id FROM audit_events WHERE type = 'grant.denied' AND subject = ?", client.id),
    ).toEqual([{ team_id: null }]);
    expect(await grantsOf(client)).toEqual([]);
  });

  test("needs the session that the team asks for", async () => {
    const client = await storeClient("device");
    const person = await join(client.team, "owner");
    await env.DB.prepare("UPDATE teams SET require_two_factor = 1 WHERE id = ?").bind(client.team).run();
    const { user_code: userCode } = await waiting(client);

    expect((await enter(person, userCode)).html).toContain("sign in with a second factor");
    expect((await decide(person, userCode, "accept", client.team)).status).toBe(403);

    const twice = { ...person, session: await signIn(person.user, { two_factor: 1 }) };
    await letIn(twice, userCode, client.team);
  });

  test("is refused when the client was deleted or may ask for less by now", async () => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    const { user_code: userCode } = await waiting(client);
    await enter(person, userCode);

    await env.DB.prepare("UPDATE clients SET permissions = ? WHERE id = ?")
      .bind('["EMM.Devices.VIEW"]', client.id)
      .run();
    expect((await decide(person, userCode, "accept", client.team)).html).toContain(
      "may not ask for that any more",
    );
    await env.DB.prepare("UPDATE clients SET deleted_at = 1 WHERE id = ?").bind(client.id).run();
    expect((await decide(person, userCode, "accept", client.team)).html).toContain(INVALID);
    expect(await grantsOf(client)).toEqual([]);
  });
});

describe("guessing user codes", () => {
  const guess = (index: number): string => {
    const letters = "BCDFGHJKLMNPQRSTVWXZ";
    return `ZZZZ${[8000, 400, 20, 1].map((unit) => letters.charAt(Math.floor(index / unit) % 20)).join("")}`;
  };

  test("ends after 20 different codes in 10 minutes, for the right one too, and the wait is true", async () => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    for (let index = 0; index < 20; index += 1) {
      const page = await enter(person, guess(index));
      expect([page.status, page.html]).toEqual([400, expect.stringContaining(INVALID)]);
    }
    clock.advance(400_000);
    const { user_code: userCode } = await waiting(client);

    const page = await enter(person, userCode);

    expect(page.status).toBe(429);
    const wait = Number(page.headers.get("Retry-After"));
    expect(wait).toBe(200);
    clock.advance(wait * 1000 - 1);
    expect((await enter(person, userCode)).status).toBe(429);
    clock.advance(1);
    expect((await enter(person, userCode)).status).toBe(200);
  });

  test("in parallel gets no further", async () => {
    const person = await holderIn((await makeTeam()).id);

    const pages = await Promise.all(Array.from({ length: 50 }, (_, index) => enter(person, guess(index))));

    expect(pages.filter(({ status }) => status === 400)).toHaveLength(20);
    expect(pages.filter(({ status }) => status === 429)).toHaveLength(30);
  });

  test("by the decision instead counts the same, and the code of a page that is open still counts once", async () => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    const { user_code: userCode } = await waiting(client);
    await enter(person, userCode);

    for (let index = 0; index < 19; index += 1) await decide(person, guess(index), "accept", client.team);

    expect((await decide(person, guess(19), "accept", client.team)).status).toBe(429);
    await letIn(person, userCode, client.team);
  });

  test("by several accounts from one address ends as well", async () => {
    const team = (await makeTeam()).id;
    const people = await Promise.all(Array.from({ length: 4 }, () => holderIn(team)));
    const at = { "CF-Connecting-IP": "203.0.113.77" };

    const pages = await Promise.all(
      Array.from({ length: 80 }, (_, index) =>
        submit("/device", people[index % 4]?.session ?? null, { user_code: guess(100 + index) }, at),
      ),
    );

    expect(pages.filter(({ status }) => status === 400)).toHaveLength(60);
    expect(pages.filter(({ status }) => status === 429)).toHaveLength(20);
  });

  test("with what can be no code costs nothing", async () => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    const { user_code: userCode } = await waiting(client);

    for (const text of ["", "AEIOU-AEI", "1234-5678", "BCDF", "x".repeat(1000)]) {
      expect(readUserCode(text)).toBeNull();
      for (let again = 0; again < 5; again += 1) expect((await enter(person, text)).html).toContain(INVALID);
    }

    expect((await enter(person, userCode)).status).toBe(200);
  });

  test("learns nothing from the page: wrong, expired, decided and somebody else's code look alike", async () => {
    const client = await storeClient("device");
    const person = await holderIn(client.team);
    const other = await holderIn(client.team);
    const expired = await waiting(client);
    clock.advance(300_000);
    const decided = await waiting(client);
    await letIn(other, decided.user_code, client.team);
    const claimed = await waiting(client);
    await enter(other, claimed.user_code);

    const pages = [];
    for (const code of [guess(0), expired.user_code, decided.user_code, claimed.user_code]) {
      const { status, html } = await enter(person, code);
      pages.push([status, html.replaceAll(/value="[^"]*"/g, "")]);
    }

    expect(new Set(pages.map((page) => JSON.stringify(page))).size).toBe(1);
  });
});
