import { describe, expect, test } from "vitest";
import { clientBody, clientsPath } from "../worker/clients.ts";
import { call, expectRefusal } from "../worker/support.ts";
import { expectTokens, redeem } from "../worker/oauth/support.ts";
import {
  decide,
  expectConsent,
  expectProblem,
  expectReturn,
  expectReturnedError,
} from "../worker/oauth/visitor.ts";
import { authorization, codeOf, homeTeam, ownerOf, PKCE, register, verifierOf } from "./support.ts";

const PRIVATE = "com.example.app:/callback";
const LOOPBACK = "http://127.0.0.1/callback";
const CLAIMED = "https://app.example/callback";

describe("redirection URIs of native apps (section 7)", () => {
  test.each([
    ["7.1", "a private-use scheme", PRIVATE],
    ["7.2", "a claimed https address", CLAIMED],
    ["7.3", "the loopback interface", LOOPBACK],
    ["7.3", "the loopback interface of IPv6", "http://[::1]/callback"],
  ])("RFC 8252, section %s: %s is supported", async (_section, _what, uri) => {
    const client = await register("mobile", { redirect_uris: [uri] });
    const code = await codeOf(client, { redirect_uri: uri });
    expectTokens(await redeem(client, code, { redirect_uri: uri, ...verifierOf(client) }));
  });

  test("RFC 8252, section 7.1: a scheme is a name that somebody has, in reverse: one without a dot is refused", async () => {
    const body = clientBody("mobile", { redirect_uris: ["myapp:/callback"] });
    expectRefusal(await call("POST", clientsPath(await homeTeam()), { body }), 400, "COM0005");
  });

  test("RFC 8252, section 7.3: any port of the loopback interface is taken", async () => {
    const client = await register("mobile", { redirect_uris: [LOOPBACK] });
    for (const uri of ["http://127.0.0.1:51004/callback", "http://127.0.0.1:8/callback"]) {
      const code = await codeOf(client, { redirect_uri: uri });
      expectTokens(await redeem(client, code, { redirect_uri: uri, ...verifierOf(client) }));
    }
  });
});

describe("security (section 8)", () => {
  test("RFC 8252, section 8.1: PKCE is supported, and a native app that does not use it is refused", async () => {
    const client = await register("mobile", { redirect_uris: [PRIVATE] });
    const link = authorization(client, {
      redirect_uri: PRIVATE,
      code_challenge: null,
      code_challenge_method: null,
    });
    expectReturnedError(await (await ownerOf(client)).get(link), "invalid_request", PRIVATE);
    expect(PKCE.code_challenge_method).toBe("S256");
  });

  test("RFC 8252, section 8.2: the implicit grant is not supported", async () => {
    const client = await register("mobile");
    const link = authorization(client, { response_type: "token" });
    expectReturnedError(await (await ownerOf(client)).get(link), "unsupported_response_type");
  });

  test("RFC 8252, section 8.4: native apps are registered as such, with redirection URIs that are compared exactly", async () => {
    const missing = clientBody("mobile", { redirect_uris: [] });
    expectRefusal(await call("POST", clientsPath(await homeTeam()), { body: missing }), 400, "COM0005");
    const client = await register("mobile", { redirect_uris: [PRIVATE, LOOPBACK, CLAIMED] });
    const owner = await ownerOf(client);
    for (const uri of [
      "com.example.app:/other",
      "com.example.other:/callback",
      "http://127.0.0.1:51004/other",
      "http://localhost:51004/callback",
      "https://127.0.0.1:51004/callback",
      "https://app.example:8443/callback",
    ]) {
      await expectProblem(await owner.get(authorization(client, { redirect_uri: uri })), 400, /redirect_uri/);
    }
  });

  test("RFC 8252, section 8.5: a secret that a native app sends proves nothing: it is public", async () => {
    const client = await register("mobile");
    expect(client.secret).toBe("");
    const code = await codeOf(client);
    const refused = await redeem(client, code, { client_secret: "in every copy of the app" });
    expect(refused.body.error).toBe("invalid_grant");
    expectTokens(await redeem(client, code, verifierOf(client)));
  });

  test("RFC 8252, section 8.6: nothing is given without a question where another app could pretend to be this one", async () => {
    for (const uri of [PRIVATE, LOOPBACK]) {
      const client = await register("mobile", { redirect_uris: [uri] });
      const owner = await ownerOf(client);
      const link = authorization(client, { redirect_uri: uri, prompt: null });
      expectReturn(await decide(owner, link), uri);
      await expectConsent(await owner.get(link));
    }
  });
});
