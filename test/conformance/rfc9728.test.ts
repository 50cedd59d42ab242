import { createRemoteJWKSet, customFetch, decodeProtectedHeader, jwtVerify } from "jose";
import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { ORIGIN, sealed, send } from "../worker/support.ts";
import { ISSUER } from "../worker/oauth/proofs.ts";
import { readDocument, RESOURCE_METADATA, SERVER_METADATA } from "./support.ts";

let metadata: Record<string, unknown>;

beforeAll(async () => {
  metadata = await readDocument(RESOURCE_METADATA);
});

describe("the metadata (section 2)", () => {
  test("RFC 9728, section 2: the resource is an https URL without a fragment", () => {
    expect(metadata["resource"]).toMatch(/^https:\/\/[^#]+$/);
  });

  test("RFC 9728, section 2: no algorithm is none, and a token comes in the header alone", () => {
    expect(metadata["dpop_signing_alg_values_supported"]).not.toContain("none");
    expect(metadata["bearer_methods_supported"]).toEqual(["header"]);
  });

  test("RFC 9728, section 2.2: signed metadata are signed by a key of the issuer that they name", async () => {
    const jwt = String(metadata["signed_metadata"]);
    expect(decodeProtectedHeader(jwt).alg).not.toBe("none");
    const { jwks_uri } = await readDocument(SERVER_METADATA);
    const keys = createRemoteJWKSet(new URL(String(jwks_uri)), {
      [customFetch]: (url: string) => exports.default.fetch(new Request(url.replace(ISSUER, ORIGIN))),
    });
    const { payload } = await jwtVerify(jwt, keys, { issuer: ISSUER });
    expect(payload["resource"]).toBe(metadata["resource"]);
  });
});

describe("how they are had (section 3)", () => {
  test("RFC 9728, sections 3.1 and 3.2: by GET, at the well-known path, as JSON without empty members", async () => {
    const response = await send("GET", "/.well-known/oauth-protected-resource", { as: null });
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toMatch(/^application\/json/);
    for (const [name, value] of Object.entries(metadata)) {
      expect(value, name).not.toBeNull();
      if (Array.isArray(value)) expect(value.length, name).toBeGreaterThan(0);
    }
  });

  test("RFC 9728, section 3.3: the resource is the one under whose address they are, to the letter", () => {
    expect(metadata["resource"]).toBe(ISSUER);
  });

  test("RFC 9728, section 4: the resource and its authorization server name each other", async () => {
    const server = await readDocument(SERVER_METADATA);
    expect(metadata["authorization_servers"]).toEqual([server["issuer"]]);
    expect(server["protected_resources"]).toEqual([metadata["resource"]]);
  });
});

test("RFC 9728, section 5.1: a challenge says where the metadata are", async () => {
  for (const authorization of [null, `Bearer ${sealed("at")}`]) {
    const { status, headers } = await send("GET", "/v1/teams/team_any/clients", {
      as: null,
      headers: { Authorization: authorization },
    });
    expect(status).toBe(401);
    expect(headers.get("WWW-Authenticate")).toContain(`resource_metadata="${ISSUER}${RESOURCE_METADATA}"`);
  }
});
