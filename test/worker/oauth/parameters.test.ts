import { describe, expect, test } from "vitest";
import { sealed, send } from "../support.ts";
import {
  credentials,
  expectError,
  expectTokens,
  post,
  redeem,
  REDIRECT,
  storeClient,
  storeCode,
} from "./support.ts";

const TOKEN = "/oauth/v2/token";

describe("parameters", () => {
  test("sent twice in one place are refused by name (RFC 6749, section 3.2)", async () => {
    const client = await storeClient();
    const { code } = await storeCode(client);
    const pairs: [string, string][] = [
      ...Object.entries({
        grant_type: "authorization_code",
        code,
        redirect_uri: REDIRECT,
        ...credentials(client),
      }),
      ["code", code],
    ];

    expect(expectError(await post(TOKEN, pairs), 400, "invalid_request")).toContain("parameter code ");
    expectTokens(await redeem(client, code));
  });

  test("sent in the query and in the body are sent twice", async () => {
    const client = await storeClient();
    const { code } = await storeCode(client);

    const answer = await post(`${TOKEN}?code=${code}`, {
      grant_type: "authorization_code",
      code,
      redirect_uri: REDIRECT,
      ...credentials(client),
    });

    expectError(answer, 400, "invalid_request");
  });

  test("that nobody knows are ignored, once, and their names are not repeated when they are refused", async () => {
    const client = await storeClient();
    const { code } = await storeCode(client);
    expectTokens(await redeem(client, code, { "what-is-this": "value" }));

    const twice = expectError(
      await post(TOKEN, [
        ["marker-name", "1"],
        ["marker-name", "2"],
      ]),
      400,
      "invalid_request",
    );
    expect(twice).not.toContain("marker");
  });

  test("resource alone may be repeated (RFC 8707, section 2)", async () => {
    const client = await storeClient();
    const { code } = await storeCode(client);
    const pairs: [string, string][] = [
      ...Object.entries({
        grant_type: "authorization_code",
        code,
        redirect_uri: REDIRECT,
        ...credentials(client),
      }),
      ["resource", "https://one.example"],
      ["resource", "https://two.example"],
    ];

    expectTokens(await post(TOKEN, pairs));
  });

  test("without a value were not sent (RFC 6749, section 3.2)", async () => {
    const client = await storeClient();
    const { code } = await storeCode(client);

    expectTokens(await redeem(client, code, { scope: "", code_verifier: "" }));
  });

  test.each([
    ["JSON", "application/json", '{"grant_type":"authorization_code"}'],
    ["text", "text/plain", "grant_type=authorization_code"],
    ["broken multipart", "multipart/form-data; boundary=x", "no boundary here"],
    ["multipart without a boundary", "multipart/form-data", "--x"],
    [
      "too many parameters",
      "application/x-www-form-urlencoded",
      Array.from({ length: 200 }, (_, i) => `p${i}=1`).join("&"),
    ],
  ])("in a body of %s are refused as they are", async (_name, type, body) => {
    const response = await send("POST", TOKEN, { as: null, headers: { "Content-Type": type }, body });

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: "invalid_request" });
  });

  test("in too large a body are refused as that", async () => {
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    const response = await send("POST", TOKEN, { as: null, headers, body: `a=${"x".repeat(70_000)}` });

    expect([response.status, await response.json()]).toMatchObject([413, { error: "invalid_request" }]);
  });

  test("of multipart that are files are refused", async () => {
    const form = new FormData();
    form.append("code", new Blob(["x"]), "code.txt");
    const encoded = new Response(form);
    const response = await send("POST", TOKEN, {
      as: null,
      headers: { "Content-Type": encoded.headers.get("Content-Type") ?? "" },
      body: new Uint8Array(await encoded.arrayBuffer()),
    });

    expect([response.status, await response.json()]).toEqual([
      400,
      { error: "invalid_request", error_description: expect.any(String) as unknown },
    ]);
  });

  test("do not carry a bearer credential in the query (contract, section 2)", async () => {
    expectError(await post(`${TOKEN}?access_token=${sealed("at")}`, {}), 400, "invalid_request");
  });
});

describe("who a client is", () => {
  test("is said in one way: Basic beside a secret in the body is refused (RFC 6749, section 2.3)", async () => {
    const client = await storeClient();
    const { code } = await storeCode(client);
    const headers = { Authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}` };
    const parameters = { grant_type: "authorization_code", code, redirect_uri: REDIRECT };

    expectError(
      await post(TOKEN, { ...parameters, ...credentials(client) }, { headers }),
      400,
      "invalid_request",
    );
    expectError(
      await post(TOKEN, { ...parameters, client_id: "another" }, { headers }),
      400,
      "invalid_request",
    );
    expectTokens(await post(TOKEN, { ...parameters, client_id: client.id }, { headers }));
  });

  test("is challenged in the scheme that it used (RFC 6749, section 5.2)", async () => {
    const basic = await post(TOKEN, {}, { headers: { Authorization: `Basic ${btoa("nobody:nothing")}` } });
    const body = await post(TOKEN, { client_id: "nobody" });

    expectError(basic, 401, "invalid_client");
    expect(basic.headers.get("WWW-Authenticate")).toMatch(/^Basic /);
    expectError(body, 401, "invalid_client");
    expect(body.headers.get("WWW-Authenticate")).toBeNull();
  });

  test("comes before everything that a request could learn by guessing", async () => {
    expectError(await post(TOKEN, { grant_type: "authorization_code", code: "x" }), 401, "invalid_client");
    expectError(await post(TOKEN, { grant_type: "nonsense", client_id: "x" }), 401, "invalid_client");
  });

  test("of another region is told where its home is", async () => {
    const answer = await post(TOKEN, { client_id: "cli_eu_0123456789abcdefghjkmnpqrs" });

    expect(expectError(answer, 401, "invalid_client")).toContain("https://tokens.example.eu");
  });

  test("is not acted on before the secret is right: a broken Basic header is no authentication", async () => {
    for (const header of ["Basic", "Basic !!!", `Basic ${btoa("no colon")}`, "Bearer x"]) {
      expectError(await post(TOKEN, {}, { headers: { Authorization: header } }), 401, "invalid_client");
    }
  });
});

describe("grant types", () => {
  test("that do not exist are unsupported, the two that nobody should use among them (RFC 9700)", async () => {
    const client = await storeClient();
    for (const type of ["password", "implicit", "nonsense"]) {
      expectError(
        await post(TOKEN, { ...credentials(client), grant_type: type }),
        400,
        "unsupported_grant_type",
      );
    }
    expectError(await post(TOKEN, credentials(client)), 400, "invalid_request");
  });
});

describe("scripts of other origins", () => {
  test("of a browser client read the token endpoint from its registered origins alone", async () => {
    const client = await storeClient("browser");
    const read = async (origin: string) => {
      const { code } = await storeCode(client);
      const answer = await post(
        TOKEN,
        { grant_type: "authorization_code", code, redirect_uri: REDIRECT, ...credentials(client) },
        { headers: { Origin: origin } },
      );
      expect(answer.status).toBe(200);
      return answer.headers.get("Access-Control-Allow-Origin");
    };

    expect(await read("https://app.example")).toBe("https://app.example");
    expect(await read("https://evil.example")).toBeNull();
    expect(await read("https://app.example.evil.example")).toBeNull();
    expect(await read("null")).toBeNull();
  });

  test("read a refusal too, once the client is known", async () => {
    const client = await storeClient("browser");
    const headers = { Origin: "https://app.example" };

    const refused = await redeemAs(client.id, headers);
    const unknown = await redeemAs("cli_us_nobody", headers);

    expectError(refused, 400, "invalid_grant");
    expect(refused.headers.get("Access-Control-Allow-Origin")).toBe("https://app.example");
    expect(unknown.headers.get("Access-Control-Allow-Origin")).toBeNull();
  });

  test("never send a cookie along: no answer allows credentials", async () => {
    const preflight = await send("OPTIONS", TOKEN, {
      as: null,
      headers: { Origin: "https://app.example", "Access-Control-Request-Method": "POST" },
    });

    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("Access-Control-Allow-Methods")).toBe("POST");
    expect(preflight.headers.get("Access-Control-Allow-Credentials")).toBeNull();
  });

  function redeemAs(id: string, headers: Record<string, string>) {
    return post(
      TOKEN,
      { grant_type: "authorization_code", code: "x", client_id: id, redirect_uri: REDIRECT },
      { headers },
    );
  }
});

test("the token endpoint is asked by POST alone (RFC 6749, section 3.2)", async () => {
  for (const method of ["GET", "PUT", "DELETE", "PATCH"]) {
    const response = await send(method, TOKEN, { as: null });
    expect([response.status, response.headers.get("Allow")]).toEqual([405, "POST"]);
  }
});
