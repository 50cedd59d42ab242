import { createRemoteJWKSet, customFetch, decodeProtectedHeader, jwtVerify } from "jose";
import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { ORIGIN, send } from "../worker/support.ts";
import { ISSUER } from "../worker/oauth/proofs.ts";
import { readDocument, SERVER_METADATA } from "./support.ts";

let metadata: Record<string, unknown>;

beforeAll(async () => {
  metadata = await readDocument(SERVER_METADATA);
});

describe("the metadata (section 2)", () => {
  test("RFC 8414, section 2: the issuer is an https URL without query or fragment", () => {
    expect(metadata["issuer"]).toMatch(/^https:\/\/[^?#]+$/);
  });

  test("RFC 8414, section 2: what is required is there", () => {
    expect(metadata).toMatchObject({
      issuer: expect.any(String) as unknown,
      authorization_endpoint: expect.any(String) as unknown,
      token_endpoint: expect.any(String) as unknown,
      response_types_supported: ["code"],
    });
  });

  test("RFC 8414, section 2: keys are at an https URL, which serves a key set without private parts", async () => {
    expect(metadata["jwks_uri"]).toMatch(/^https:\/\//);
    const { keys } = (await readDocument(new URL(String(metadata["jwks_uri"])).pathname)) as {
      keys: Record<string, unknown>[];
    };
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      for (const secret of ["d", "p", "q", "dp", "dq", "qi", "k"]) expect(key).not.toHaveProperty(secret);
    }
  });

  test.each(["token_endpoint", "revocation_endpoint", "introspection_endpoint"])(
    "RFC 8414, section 2: algorithms are named for %s, where private_key_jwt is, and none is not among them",
    (endpoint) => {
      expect(metadata[`${endpoint}_auth_methods_supported`]).toContain("private_key_jwt");
      const algorithms = metadata[`${endpoint}_auth_signing_alg_values_supported`];
      expect(algorithms).toEqual(expect.arrayContaining(["ES256", "RS256"]));
      expect(algorithms).not.toContain("none");
    },
  );

  test("RFC 8414, section 2.1: signed metadata are a JWT that is signed by a key of the server and names its issuer", async () => {
    const jwt = String(metadata["signed_metadata"]);
    expect(decodeProtectedHeader(jwt).alg).not.toBe("none");
    const keys = createRemoteJWKSet(new URL(String(metadata["jwks_uri"])), {
      [customFetch]: (url: string) => exports.default.fetch(new Request(url.replace(ISSUER, ORIGIN))),
    });
    const { payload } = await jwtVerify(jwt, keys, { issuer: ISSUER });
    expect(payload["token_endpoint"]).toBe(metadata["token_endpoint"]);
  });
});

describe("how they are had (section 3)", () => {
  test("RFC 8414, sections 3 and 3.1: they are at the well-known path, by GET", async () => {
    expect((await send("GET", "/.well-known/oauth-authorization-server", { as: null })).status).toBe(200);
  });

  test("RFC 8414, section 3.2: they are a 200 of JSON, and no member is without a value", async () => {
    const response = await send("GET", SERVER_METADATA, { as: null });
    expect(response.headers.get("Content-Type")).toMatch(/^application\/json/);
    for (const [name, value] of Object.entries(metadata)) {
      expect(value, name).not.toBeNull();
      if (Array.isArray(value)) expect(value.length, name).toBeGreaterThan(0);
    }
  });

  test("RFC 8414, section 3.3: the issuer is the one under whose address they are, to the letter", () => {
    expect(metadata["issuer"]).toBe(ISSUER);
    for (const [name, value] of Object.entries(metadata)) {
      if (name.endsWith("_endpoint")) expect(new URL(String(value)).origin, name).toBe(ISSUER);
    }
  });
});
