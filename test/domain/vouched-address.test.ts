import { describe, expect, test } from "vitest";
import { domainOf, vouchedAddress } from "../../src/domain/vouched-address.ts";

describe("a vouched address", () => {
  test("is one that the provider has verified, in lower case", () => {
    const claims = { email: "Ann.O'Hara+x@Login.Example.ORG", email_verified: true };
    expect(vouchedAddress(claims)).toEqual({
      email: "ann.o'hara+x@login.example.org",
      domain: "login.example.org",
    });
  });

  test.each([undefined, false, "true", 1, null, ["true"]])("is not one of which it says %o", (verified) => {
    expect(vouchedAddress({ email: "a@example.org", email_verified: verified })).toBeNull();
  });

  test.each([undefined, null, 17, ["a@example.org"], ""])("is a text: %o is none", (email) => {
    expect(vouchedAddress({ email, email_verified: true })).toBeNull();
  });
});

describe("the domain of an address", () => {
  test.each([
    "a",
    "a@",
    "@example.org",
    "a@org",
    "a@b@example.org",
    "a b@example.org",
    "a@example.org ",
    "a@example.org\n",
    "a@exam_ple.org",
    "a@.org",
    "a@example.org.",
    "ä@example.org",
    "a@exämple.org",
    // KELVIN SIGN and LATIN CAPITAL I WITH DOT ABOVE become ASCII letters in lower case, or nearly.
    "a@\u212Aayak.example.org",
    "\u212A@example.org",
    "a@\u0130.example.org",
    `${"a".repeat(65)}@example.org`,
  ])("is not guessed from %o", (text) => {
    expect(domainOf(text)).toBeNull();
  });
});
