import { describe, expect, test } from "vitest";
import { clientsPath } from "../worker/clients.ts";
import { join, signIn } from "../worker/people.ts";
import { call, driveClock, expectRefusal, startWorker } from "../worker/support.ts";
import {
  credentials,
  expectError,
  expectTokens,
  ownerPerson,
  post,
  redeem,
  REDIRECT,
  refresh,
} from "../worker/oauth/support.ts";
import { decide, expectReturn, visitor } from "../worker/oauth/visitor.ts";
import { authorization, codeOf, homeTeam, INTROSPECT, register, TOKEN, tokensOf } from "./support.ts";

/*
 * What went wrong in other authorization servers, where no other test says it.
 */

const clock = driveClock();

describe("identity comes from the credential alone", () => {
  test("a user that a request names anywhere is not who agrees, nor whom a token acts for", async () => {
    const client = await register();
    const { user: owner } = await ownerPerson(client.team);
    const other = await join(client.team, "owner");
    const named = { user: owner, user_id: owner, userId: owner, sub: owner, login_hint: owner };
    const browser = visitor(await signIn(other.user));
    const given = await decide(browser, authorization(client, named), "accept", named);
    const { code = "" } = expectReturn(given).parameters;
    const { access_token } = expectTokens(await redeem(client, code, named));
    const { body } = await post(INTROSPECT, { token: access_token, ...credentials(client), ...named });
    expect(body).toMatchObject({ active: true, sub: other.user });
  });

  test("a user that a request names gives a client's own token nobody to act for", async () => {
    const client = await register();
    const { user } = await ownerPerson(client.team);
    const request = { grant_type: "client_credentials", scope: "EMM.Team.VIEW", ...credentials(client) };
    const { access_token } = expectTokens(await post(TOKEN, { ...request, user_id: user, userId: user }));
    const { body } = await post(INTROSPECT, { token: access_token, ...credentials(client) });
    expect(body).toMatchObject({ active: true, sub: client.id });
  });

  test("nobody is signed in by naming somebody", async () => {
    const client = await register();
    const { user } = await ownerPerson(client.team);
    const nobody = visitor(null);
    const link = authorization(client, { user_id: user, userId: user });
    const answers = [
      await nobody.get(link),
      await nobody.post(link, { decision: "accept", user_id: user, userId: user, team: client.team }),
    ];
    for (const { status, headers } of answers) {
      expect([status, headers.get("Location")]).toEqual([303, expect.stringMatching(/^\/signin\?/)]);
    }
  });
});

describe("what is used once stays used", () => {
  test("for a Worker that starts afterwards and remembers nothing", async () => {
    const client = await register("mobile");
    const code = await codeOf(client);
    const verifier = { code_verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" };
    const { refresh_token = "" } = expectTokens(await redeem(client, code, verifier));
    clock.advance(11_000);
    const at = await startWorker();
    const again = { grant_type: "authorization_code", code, redirect_uri: REDIRECT, ...verifier };
    expectError(await post(TOKEN, { ...again, client_id: client.id }, { at }), 400, "invalid_grant");
    expectError(await refresh(client, refresh_token), 400, "invalid_grant");
  });
});

describe("a forged end of a right token", () => {
  test("changes nothing: no replay is seen in it, and nothing is ended by it", async () => {
    const client = await register();
    const code = await codeOf(client);
    const { access_token, refresh_token = "" } = expectTokens(await redeem(client, code));
    clock.advance(11_000);
    const forged = (text: string) => text.slice(0, -1) + (text.endsWith("0") ? "1" : "0");
    expectError(await redeem(client, forged(code)), 400, "invalid_grant");
    expectError(await refresh(client, forged(refresh_token)), 400, "invalid_grant");
    const revoking = { token: forged(refresh_token), ...credentials(client) };
    expect((await post("/oauth/v2/token/revoke", revoking)).status).toBe(200);
    const { body } = await post(INTROSPECT, { token: access_token, ...credentials(client) });
    expect(body).toMatchObject({ active: true });
    expectTokens(await refresh(client, refresh_token));
  });
});

describe("a list of clients", () => {
  test("takes no cursor but an id of its own, and reads nothing for another", async () => {
    const [first] = [await register(), await register()];
    const path = clientsPath(await homeTeam());
    for (const cursor of ["' OR 1=1 --", `${first.id}'`, first.id.slice(0, -1), first.team, "0", ""]) {
      const answer = await call("GET", `${path}?cursor=${encodeURIComponent(cursor)}`);
      expectRefusal(answer, 400, "COM0003");
    }
  });
});

describe("an honest client", () => {
  test("that lost the answer to a refresh gets it again, and stays signed in", async () => {
    const client = await register("browser");
    const { refresh_token } = await tokensOf(client);
    const lost = expectTokens(await refresh(client, refresh_token));
    expect(expectTokens(await refresh(client, refresh_token))).toEqual(lost);
    clock.advance(60_000);
    expectTokens(await refresh(client, lost.refresh_token ?? ""));
  });
});
