import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { algorithmOf, readClientKeys } from "../../src/domain/client-keys.ts";

type Jwk = Record<string, unknown>;

function makeRsa(bits = 2048): { pub: Jwk; priv: Jwk } {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
  return {
    pub: publicKey.export({ format: "jwk" }),
    priv: privateKey.export({ format: "jwk" }),
  };
}

function makeEc(namedCurve = "P-256"): { pub: Jwk; priv: Jwk } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve });
  return {
    pub: publicKey.export({ format: "jwk" }),
    priv: privateKey.export({ format: "jwk" }),
  };
}

const rsa = makeRsa();
const ec = makeEc();

describe("the keys of a client", () => {
  test("are read as they are, without what says nothing about them", () => {
    const named = { ...rsa.pub, alg: "PS256", use: "sig", kid: "1" };
    const keys = [named, { ...ec.pub, kid: "2", x5t: "x", key_ops: ["verify"] }];
    expect(readClientKeys(keys)).toEqual({ keys: [named, { ...ec.pub, kid: "2" }] });
    expect([named, { ...rsa.pub }, ec.pub].map(algorithmOf)).toEqual(["PS256", "RS256", "ES256"]);
  });

  test("are never private: whoever sends a private one has given it away", () => {
    for (const key of [rsa.priv, ec.priv]) expect(readClientKeys([key])).toBe(0);
    for (const member of ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]) {
      expect(readClientKeys([ec.pub, { ...rsa.pub, kid: "1", [member]: "AQAB" }]), member).toBe(1);
    }
  });

  test.each([
    ["symmetric", { kty: "oct", k: "c2VjcmV0" }],
    ["of no type", { ...rsa.pub, kty: undefined }],
    ["for key agreement", { kty: "OKP", crv: "X25519", x: "A".repeat(43) }],
    [
      "of Edwards' curve for another algorithm",
      { kty: "OKP", crv: "Ed25519", x: "A".repeat(43), alg: "ES256" },
    ],
    ["of another curve", makeEc("P-384").pub],
    ["of 1024 bits", makeRsa(1024).pub],
    [
      "padded to look long",
      { kty: "RSA", e: "AQAB", n: `${"A".repeat(171)}${String(makeRsa(1024).pub["n"])}` },
    ],
    ["so long that a check of it would cost much", { ...rsa.pub, n: "z".repeat(1367) }],
    ["with a long exponent", { ...rsa.pub, e: "z".repeat(7) }],
    ["of the algorithm none", { ...rsa.pub, alg: "none" }],
    ["of a symmetric algorithm", { ...rsa.pub, alg: "HS256" }],
    ["of an algorithm of another type", { ...rsa.pub, alg: "ES256" }],
    ["for encryption", { ...rsa.pub, use: "enc" }],
    ["without a part", { ...ec.pub, y: undefined }],
    ["with a part that is no text", { ...rsa.pub, n: [rsa.pub["n"]] }],
    ["with a part that is not base64url", { ...ec.pub, x: "+".repeat(43) }],
    ["with a kid that is none", { ...ec.pub, kid: 1 }],
    ["with an endless kid", { ...ec.pub, kid: "x".repeat(201) }],
  ])("are not %s", (_what, key) => {
    expect(readClientKeys([key])).toBe(0);
  });

  test("have a name each when there are several", () => {
    expect(readClientKeys([ec.pub, rsa.pub])).toBe(1);
    expect(
      readClientKeys([
        { ...ec.pub, kid: "1" },
        { ...rsa.pub, kid: "1" },
      ]),
    ).toBe(1);
    expect(readClientKeys([{ ...ec.pub, kid: "1" }, rsa.pub])).toMatchObject({ keys: [{}, {}] });
  });

  test("never hold a private member once read, whatever was sent", () => {
    const value = fc.oneof(
      fc.string(),
      fc.constantFrom("RSA", "EC", "P-256", "AQAB", "sig", rsa.pub["n"], ec.pub["x"], ec.pub["y"]),
    );
    const key = fc.dictionary(
      fc.constantFrom("kty", "n", "e", "crv", "x", "y", "d", "k", "alg", "use", "kid", "__proto__"),
      value,
    );
    fc.assert(
      fc.property(fc.array(key, { maxLength: 3 }), (keys) => {
        const read = readClientKeys(keys);
        if (typeof read === "number") return;
        const members = new Set(read.keys.flatMap((one) => Object.keys(one)));
        for (const member of members)
          expect(["kty", "n", "e", "crv", "x", "y", "alg", "use", "kid"]).toContain(member);
      }),
    );
  });
});
