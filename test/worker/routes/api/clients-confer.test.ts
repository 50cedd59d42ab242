import { generateKeyPairSync } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { clientBody, clientsPath, makeClient, makeGrantToken, patchClient, rotate } from "../../clients.ts";
import { join, makeRole } from "../../people.ts";
import { call, expectAnswer, expectRefusal, issue, makeTeam, rows, type Sending } from "../../support.ts";

/*
 * Nothing confers more than its maker holds (contract, section 3): not a client, not a grant token, and not
 * the secret or the redirect URI of a client that may do more.
 */

const KEY = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" });

let team = "";
/** Holds what it takes to manage clients, and nothing else; as a token and as a person. */
let weak: readonly (readonly [string, Sending])[] = [];
beforeAll(async () => {
  team = (await makeTeam({ plan: "enterprise" })).id;
  const { token } = await issue(team, { permissions: ["EMM.AccessTokens.DELETE"] });
  const person = await join(team, (await makeRole(team, ["EMM.AccessTokens.DELETE"])).id);
  weak = [
    ["token", { as: token }],
    ["person", person.session],
  ];
});

describe.each([0, 1])("who holds little (%i: token, person)", (which) => {
  const sending = (): Sending => weak[which]?.[1] ?? {};

  test("registers no client that may do more", async () => {
    const body = clientBody("self", { permissions: ["EMM.AccessTokens.VIEW", "EMM.Devices.VIEW"] });
    const refused = await call("POST", clientsPath(team), { ...sending(), body });
    expect(expectRefusal(refused, 403, "TOK0001").missing).toContain("EMM.Devices.VIEW");
    const own = await makeClient(team, "self", { permissions: ["EMM.AccessTokens.ALL"] }, sending());
    expect(own.client.permissions).toContain("EMM.AccessTokens.DELETE");
  });

  test("gives a client of their own no more later, and may take away", async () => {
    const { id } = await makeClient(team, "self", {}, sending());
    const more = { permissions: ["EMM.AccessTokens.VIEW", "EMM.Members.VIEW"] };
    expect(expectRefusal(await patchClient(team, id, more, sending()), 403, "TOK0001").missing).toEqual([
      "EMM.Members.VIEW",
    ]);
    const less = { permissions: ["EMM.Team.VIEW"] };
    expect(
      expectAnswer(await patchClient(team, id, less, sending()), 200, "Client").client.permissions,
    ).toEqual(["EMM.Team.VIEW"]);
    const back = { permissions: ["EMM.AccessTokens.VIEW"] };
    expectAnswer(await patchClient(team, id, back, sending()), 200, "Client");
  });

  test("gets hold of no client that may do more: no secret, no key, no redirect URI, no name", async () => {
    const { id } = await makeClient(team, "server");
    expect(expectRefusal(await rotate(team, id, 0, sending()), 403, "TOK0001").missing).toContain(
      "EMM.Devices.VIEW",
    );
    for (const edit of [
      { redirect_uris: ["https://evil.example/cb"] },
      { jwks: { keys: [KEY] } },
      { name: "Trusted App" },
      { permissions: ["EMM.Team.VIEW"] },
    ]) {
      const missing = expectRefusal(await patchClient(team, id, edit, sending()), 403, "TOK0001").missing;
      expect(missing).toContain("EMM.Devices.VIEW");
    }
    const [event] = await rows(
      "SELECT type, subject FROM audit_events WHERE subject = ? AND type <> 'client.created'",
      id,
    );
    expect(event).toEqual({ type: "access.denied", subject: id });
    // To end something takes away, and confers nothing.
    expectAnswer(await call("DELETE", clientsPath(team, id), sending()), 200, "DeletedClient");
  });

  test("makes no grant token for what they do not hold, though the client may be granted it", async () => {
    const { id } = await makeClient(team, "self");
    const refused = await makeGrantToken(
      team,
      id,
      { scope: "EMM.Devices.VIEW,EMM.AccessTokens.VIEW" },
      sending(),
    );
    expect(expectRefusal(refused, 403, "TOK0001").missing).toContain("EMM.Devices.VIEW");
    expectAnswer(
      await makeGrantToken(team, id, { scope: "EMM.AccessTokens.VIEW" }, sending()),
      201,
      "GrantToken",
    );
  });
});

test("a grant token goes no further than its client, whoever makes it", async () => {
  const { id } = await makeClient(team, "self", { permissions: ["EMM.Devices.VIEW"] });
  const owner = (await join(team, "owner")).session;
  for (const sending of [{}, owner]) {
    const refused = await makeGrantToken(team, id, { scope: "EMM.Devices.VIEW EMM.Roles.VIEW" }, sending);
    expect(expectRefusal(refused, 403, "TOK0001").missing).toEqual(["EMM.Roles.VIEW"]);
  }
});

describe("what is made by a token", () => {
  const PERMISSIONS = ["EMM.AccessTokens.DELETE", "EMM.Devices.VIEW"];

  test("has its expiry and its allowed addresses as upper bounds", async () => {
    const bounds = { expires_in: 600, allowed_ips: ["203.0.113.0/24"] };
    const { token, access_token } = await issue(team, { permissions: PERMISSIONS, ...bounds });
    const sending = { as: token, headers: { "CF-Connecting-IP": "203.0.113.7" } };
    const { client } = await makeClient(team, "self", {}, sending);
    expect(client).toMatchObject({ not_after: access_token.expires_at, allowed_ips: bounds.allowed_ips });
    expectAnswer(await makeGrantToken(team, client.id, {}, sending), 201, "GrantToken");
    const [grant] = await rows("SELECT not_after, allowed_ips FROM grants WHERE client_id = ?", client.id);
    expect(grant).toEqual({
      not_after: Date.parse(access_token.expires_at ?? ""),
      allowed_ips: JSON.stringify(bounds.allowed_ips),
    });
    // Its own bounds are no wider than the token's, which may renew what it has.
    expectAnswer(await rotate(team, client.id, 0, sending), 201, "CreatedClient");
  });

  test.each([
    ["expires", { expires_in: 600 }, {}],
    ["is bound to addresses", { allowed_ips: ["203.0.113.0/24"] }, { "CF-Connecting-IP": "203.0.113.7" }],
  ])("that %s, is no secret or key of a client that is not so bound", async (_what, bounds, headers) => {
    const { id } = await makeClient(team, "server", { permissions: PERMISSIONS });
    const { token } = await issue(team, { permissions: PERMISSIONS, ...bounds });
    const sending = { as: token, headers };
    expectRefusal(await rotate(team, id, 0, sending), 403, "TOK0001");
    expectRefusal(await patchClient(team, id, { jwks: { keys: [KEY] } }, sending), 403, "TOK0001");
    expectAnswer(await patchClient(team, id, { name: "renamed" }, sending), 200, "Client");
  });

  test("is counted as that token's, and what a person makes as the person's", async () => {
    const { id } = await makeClient(team, "self");
    const { token, id: tokenId } = await issue(team, { permissions: PERMISSIONS });
    const person = await join(team, "owner");
    for (const sending of [{}, { as: token }, person.session]) {
      expectAnswer(await makeGrantToken(team, id, {}, sending), 201, "GrantToken");
    }
    const grants = await rows("SELECT holder, user_id FROM grants WHERE client_id = ? ORDER BY rowid", id);
    expect(grants).toEqual([
      { holder: "operator", user_id: null },
      { holder: tokenId, user_id: null },
      { holder: person.user, user_id: person.user },
    ]);
  });
});
