import { describe, expect, test } from "vitest";
import { credentials, LOCK_SCOPE, post, REDIRECT } from "../worker/oauth/support.ts";
import { AUTH, decide, visitor, type Visitor } from "../worker/oauth/visitor.ts";
import { authorization, ownerOf, PAR, readDocument, register, SERVER_METADATA } from "./support.ts";

async function issuer(): Promise<unknown> {
  return (await readDocument(SERVER_METADATA))["issuer"];
}

/** `iss` of the answers that this redirect brings. */
function issOf(response: Response): string[] {
  expect(response.status).toBe(303);
  return new URL(response.headers.get("Location") ?? "").searchParams.getAll("iss");
}

async function ready(): Promise<{ client: Awaited<ReturnType<typeof register>>; owner: Visitor }> {
  const client = await register();
  return { client, owner: await ownerOf(client) };
}

describe("an authorization response (section 2)", () => {
  test("RFC 9207, section 2: has iss with a code, and it is the issuer of the metadata", async () => {
    const { client, owner } = await ready();
    expect(issOf(await decide(owner, authorization(client)))).toEqual([await issuer()]);
    // By the consent that is remembered now, without a page.
    expect(issOf(await owner.get(authorization(client, { prompt: null })))).toEqual([await issuer()]);
  });

  test("RFC 9207, section 2: has iss with an error, whoever causes it", async () => {
    const { client, owner } = await ready();
    const responses = [
      await decide(owner, authorization(client), "deny"),
      await owner.get(authorization(client, { scope: "Nothing.Like.THAT" })),
      await visitor(null).get(authorization(client, { prompt: "none" })),
    ];
    for (const response of responses) {
      expect(response.headers.get("Location")).toContain("error=");
      expect(issOf(response)).toEqual([await issuer()]);
    }
  });

  test("RFC 9207, section 2: has it for a pushed request as well", async () => {
    const { client, owner } = await ready();
    const wanted = { redirect_uri: REDIRECT, response_type: "code", scope: LOCK_SCOPE };
    const { body } = await post(PAR, { ...wanted, ...credentials(client) });
    const { request_uri: uri = "" } = body as { request_uri?: string };
    const query = new URLSearchParams({ client_id: client.id, request_uri: uri }).toString();
    expect(issOf(await decide(owner, `${AUTH}?${query}`))).toEqual([await issuer()]);
  });

  test("RFC 9207, section 2: is an https URL without query or fragment", async () => {
    expect(await issuer()).toMatch(/^https:\/\/[^?#]+$/);
  });
});

test("RFC 9207, section 3: the metadata say that iss is sent", async () => {
  const metadata = await readDocument(SERVER_METADATA);
  expect(metadata["authorization_response_iss_parameter_supported"]).toBe(true);
});
