import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { makeProver, prove } from "./proofs.ts";
import { driveClock, rows, send, wholeStore } from "../support.ts";
import {
  credentials,
  expectError,
  expectTokens,
  LOCK_SCOPE,
  ownerPerson,
  post,
  redeem,
  REDIRECT,
  storeClient,
  type TestClient,
} from "./support.ts";
import {
  AUTH,
  decide,
  countOf,
  expectConsent,
  expectProblem,
  expectReturn,
  expectReturnedError,
  expectSignIn,
  ISSUER,
  visitor,
} from "./visitor.ts";

// Before the first request: the Worker keeps the clock that it finds then.
const clock = driveClock();

const PAR = "/oauth/v2/par";
const CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeGpJ1u0a7Z3eCd9yvQ4".slice(0, 43);

const wanted = { redirect_uri: REDIRECT, response_type: "code", scope: LOCK_SCOPE, state: "pushed" };

async function push(client: TestClient, more: Record<string, string> = {}): Promise<string> {
  const { status, body } = await post(PAR, { ...credentials(client), ...wanted, ...more });
  expect(status, JSON.stringify(body)).toBe(201);
  const { request_uri = "", expires_in } = body as { request_uri?: string; expires_in?: number };
  expect(request_uri).toMatch(/^urn:ietf:params:oauth:request_uri:[0-9A-Za-z]{43}$/);
  expect(expires_in).toBe(300);
  return request_uri;
}

const linkOf = ({ id }: { readonly id: string }, requestUri: string) =>
  `${AUTH}?${new URLSearchParams({ client_id: id, request_uri: requestUri }).toString()}`;

describe("a pushed request", () => {
  test("is decided as one in the query is, once", async () => {
    const client = await storeClient();
    const owner = visitor(await ownerPerson(client.team));
    const link = linkOf(client, await push(client, { access_type: "offline" }));
    expectSignIn(await visitor(null).get(link));
    // A page that is loaded again has used nothing.
    await expectConsent(await owner.get(link));
    const { parameters } = expectReturn(await decide(owner, link));
    expect(parameters["state"]).toBe("pushed");
    expect(expectTokens(await redeem(client, parameters["code"] ?? "")).refresh_token).toMatch(/^jtn_rt_/);
    await expectProblem(await owner.get(link), 400, /used before/);
  });

  test("has one winner among twenty decisions at once, and they count as one code", async () => {
    const client = await storeClient();
    const owner = visitor(await ownerPerson(client.team));
    const link = linkOf(client, await push(client));
    const { action, fields } = await expectConsent(await owner.get(link));
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => owner.post(action, { ...fields, decision: "accept" })),
    );
    expect(countOf(answers)).toEqual({ 303: 1, 400: 19 });
    expect(await rows("SELECT hash FROM grant_tokens WHERE client_id = ?", client.id)).toHaveLength(1);
    // Without a page, by the consent that is remembered now.
    for (let more = 0; more < 9; more += 1) {
      const again = linkOf(client, await push(client));
      const quiet = await Promise.all(Array.from({ length: 3 }, () => owner.get(again)));
      expect(countOf(quiet)).toEqual({ 303: 1, 400: 2 });
    }
  });

  test("is used up by a no as well", async () => {
    const client = await storeClient();
    const owner = visitor(await ownerPerson(client.team));
    const link = linkOf(client, await push(client));
    const { action, fields } = await expectConsent(await owner.get(link));
    expectReturnedError(await owner.post(action, { ...fields, decision: "deny" }), "access_denied");
    await expectProblem(await owner.post(action, { ...fields, decision: "accept" }), 400, /used before/);
    expect(await rows("SELECT id FROM grants WHERE client_id = ?", client.id)).toEqual([]);
  });

  test("is its client's, ends after five minutes, and nobody knows one that was made up", async () => {
    const client = await storeClient();
    const other = await storeClient();
    const owner = visitor(await ownerPerson(client.team));
    const uri = await push(client);
    await expectProblem(await owner.get(linkOf(other, uri)), 400, /another client/);
    await expectProblem(await owner.get(linkOf(client, `${uri}x`)), 400, /not a request_uri/);
    await expectProblem(await owner.get(`${AUTH}?request_uri=${uri}`), 400, /another client/);
    await expectConsent(await owner.get(linkOf(client, uri)));
    clock.advance(300_000);
    await expectProblem(await owner.get(linkOf(client, uri)), 400, /has expired/);
  });

  test("takes no other parameter beside it, or the browser would have the last word", async () => {
    const client = await storeClient();
    const owner = visitor(await ownerPerson(client.team));
    const link = linkOf(client, await push(client));
    for (const more of [
      "scope=EMM.Devices.VIEW",
      "state=x",
      "prompt=consent",
      "redirect_uri=https://evil.example/",
    ]) {
      expectReturnedError(await owner.get(`${link}&${more}`), "invalid_request");
    }
    await expectConsent(await owner.get(`${link}&nonce=x`));
  });

  test("is held to the client as it is when it is used", async () => {
    const client = await storeClient();
    const owner = visitor(await ownerPerson(client.team));
    const uri = await push(client);
    const { action, fields } = await expectConsent(await owner.get(linkOf(client, uri)));
    await env.DB.prepare("UPDATE clients SET deleted_at = 1 WHERE id = ?").bind(client.id).run();
    await expectProblem(await owner.post(action, { ...fields, decision: "accept" }), 400, /No client/);
  });
});

describe("pushing", () => {
  test("needs the client's authentication, and leaves no secret behind", async () => {
    const client = await storeClient();
    const { id: client_id } = client;
    expectError(await post(PAR, { client_id, ...wanted }), 401, "invalid_client");
    expectError(await post(PAR, { client_id, client_secret: "wrong", ...wanted }), 401, "invalid_client");
    const basic = { Authorization: `Basic ${btoa(`${client_id}:${client.secret}`)}` };
    expect((await post(PAR, wanted, { headers: basic })).status).toBe(201);
    const uri = await push(client);
    const store = await wholeStore();
    expect(store).not.toContain(client.secret);
    expect(store).not.toContain(uri);
  });

  test.each<[string, Record<string, string>, string]>([
    ["a redirect URI that is not registered", { redirect_uri: "https://evil.example/" }, "invalid_request"],
    ["no redirect URI", { redirect_uri: "" }, "invalid_request"],
    ["another response_type", { response_type: "token" }, "unsupported_response_type"],
    ["an unknown scope", { scope: "EMM.Nothing.VIEW" }, "invalid_scope"],
    ["a request_uri", { request_uri: "urn:ietf:params:oauth:request_uri:x" }, "invalid_request"],
    ["a plain challenge", { code_challenge: CHALLENGE, code_challenge_method: "plain" }, "invalid_request"],
  ])("is refused with %s", async (_what, more, error) => {
    const client = await storeClient();
    expectError(await post(PAR, { ...credentials(client), ...wanted, ...more }), 400, error);
  });

  test("is refused as too large with a state that no address line can carry (RFC 9126, section 2.3)", async () => {
    const client = await storeClient();
    const parameters = { ...credentials(client), ...wanted, state: "x".repeat(9000) };
    expectError(await post(PAR, parameters), 413, "invalid_request");
  });

  test("works for public clients, with a challenge", async () => {
    const client = await storeClient("browser");
    expectError(await post(PAR, { ...credentials(client), ...wanted }), 400, "invalid_request");
    const challenge = { code_challenge: CHALLENGE, code_challenge_method: "S256" };
    const owner = visitor(await ownerPerson(client.team));
    expectReturn(await decide(owner, linkOf(client, await push(client, challenge))));
    expectError(
      await post(PAR, { ...credentials(await storeClient("device")), ...wanted }),
      400,
      "unauthorized_client",
    );
  });

  test("with a proof binds the code to its key, as dpop_jkt does", async () => {
    const client = await storeClient();
    const prover = await makeProver();
    const url = `${ISSUER}${PAR}`;
    const pushWith = async (more: Record<string, string> = {}) => {
      const headers = { DPoP: await prove(prover, { url }) };
      return post(PAR, { ...credentials(client), ...wanted, ...more }, { headers });
    };
    const { body, status } = await pushWith();
    expect(status).toBe(201);
    const owner = visitor(await ownerPerson(client.team));
    const { request_uri = "" } = body as { request_uri?: string };
    expectReturn(await decide(owner, linkOf(client, request_uri)));
    expect(await rows("SELECT proof_key FROM grant_tokens WHERE client_id = ?", client.id)).toEqual([
      { proof_key: prover.key },
    ]);
    expect((await pushWith({ dpop_jkt: prover.key })).status).toBe(201);
    expectError(await pushWith({ dpop_jkt: CHALLENGE }), 400, "invalid_request");
  });

  test("is not for a client whose team is suspended", async () => {
    const client = await storeClient();
    await env.DB.prepare("UPDATE teams SET status = 'suspended' WHERE id = ?").bind(client.team).run();
    expectError(await post(PAR, { ...credentials(client), ...wanted }), 400, "invalid_grant");
  });

  test("is a POST, and counted", async () => {
    expect((await send("GET", PAR, { as: null })).status).toBe(405);
    const client = await storeClient();
    const answers = [];
    for (let times = 0; times < 101; times += 1) {
      answers.push((await post(PAR, { ...credentials(client), ...wanted })).status);
    }
    expect(answers.filter((status) => status === 201)).toHaveLength(100);
    expect(answers.at(-1)).toBe(429);
  });
});
