import { describe, expect, test } from "vitest";
import { bearerCredential, isSentWithProof, TOKEN_SCHEMES } from "../../src/domain/bearer.ts";

const URL_PLAIN = "https://api.example/a?b=c";

describe("the schemes of a credential", () => {
  test("are Bearer and Zoho-oauthtoken, in any case, and for tokens that may be bound to a key DPoP", () => {
    for (const scheme of ["Bearer", "bEaReR", "Zoho-oauthtoken"]) {
      expect(bearerCredential(`${scheme} x`, URL_PLAIN)).toEqual({ ok: true, value: "x" });
      expect(bearerCredential(`${scheme} x`, URL_PLAIN, TOKEN_SCHEMES)).toEqual({ ok: true, value: "x" });
      expect(isSentWithProof(`${scheme} x`)).toBe(false);
    }
    for (const scheme of ["DPoP", "dpop", "DPOP"]) {
      expect(bearerCredential(`${scheme} x`, URL_PLAIN)).toEqual({ ok: true, value: null });
      expect(bearerCredential(`${scheme} x`, URL_PLAIN, TOKEN_SCHEMES)).toEqual({ ok: true, value: "x" });
      expect(isSentWithProof(`${scheme} x`)).toBe(true);
    }
  });

  test.each([null, "", "DPoP", "DPoPx y", " DPoP x", "Bearer DPoP x", "Basic eA=="])(
    "%j names no proof",
    (header) => {
      expect(isSentWithProof(header)).toBe(false);
    },
  );

  test.each(["DPoP x", "dpop  x", "DPoP\tx", "Bearer x", "DPoP ", "zoho-oauthtoken x"])(
    "agree about %j: what is read under DPoP alone is said to come with a proof",
    (header) => {
      const asBearer = bearerCredential(header, URL_PLAIN);
      const asToken = bearerCredential(header, URL_PLAIN, TOKEN_SCHEMES);
      const onlyProven = asToken.ok && asToken.value !== null && asBearer.ok && asBearer.value === null;
      expect(onlyProven && !isSentWithProof(header)).toBe(false);
    },
  );

  test("twice in one header are refused, and so is one in the query", () => {
    expect(bearerCredential("DPoP x, Bearer y", URL_PLAIN, TOKEN_SCHEMES).ok).toBe(false);
    expect(bearerCredential("DPoP x", "https://api.example/?access_token=y", TOKEN_SCHEMES).ok).toBe(false);
  });
});
