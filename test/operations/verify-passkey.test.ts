import { verifyAuthenticationResponse, verifyRegistrationResponse } from "@simplewebauthn/server";
import { describe, expect, test } from "vitest";
import {
  userHandleOf,
  verifyNewPasskey,
  verifyPasskey,
} from "../../src/operations/account/verify-passkey.ts";
import { Authenticator, ES256, fromBase64Url, toBase64Url, type Slips } from "../authenticator.ts";

const USER = "usr_somebody";
const ORIGIN = "https://tokens.example.com";
const PARTY = { id: "tokens.example.com", origin: ORIGIN };
const CHALLENGE = toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
const EXPECTED = { challenge: CHALLENGE, party: PARTY };

function make(userId = USER): Promise<Authenticator> {
  return Authenticator.make({ origin: ORIGIN, userHandle: userHandleOf(userId) });
}

async function knownOf(authenticator: Authenticator, counter = 0) {
  const publicKey = await authenticator.publicKey();
  return { credentialId: authenticator.id, publicKey, algorithm: ES256, counter, userId: USER };
}

/** What a library for all of WebAuthn says of the same answer. */
async function libraryRegisters(response: Awaited<ReturnType<Authenticator["create"]>>): Promise<boolean> {
  return verifyRegistrationResponse({
    response,
    expectedChallenge: CHALLENGE,
    expectedOrigin: ORIGIN,
    expectedRPID: PARTY.id,
    requireUserVerification: true,
  }).then(
    ({ verified }) => verified,
    () => false,
  );
}

async function libraryAdmits(
  response: Awaited<ReturnType<Authenticator["get"]>>,
  authenticator: Authenticator,
  counter: number,
): Promise<boolean> {
  return verifyAuthenticationResponse({
    response,
    expectedChallenge: CHALLENGE,
    expectedOrigin: ORIGIN,
    expectedRPID: PARTY.id,
    credential: { id: authenticator.id, publicKey: await authenticator.coseKey(), counter },
    requireUserVerification: true,
  }).then(
    ({ verified, authenticationInfo }) => verified && authenticationInfo.userVerified,
    () => false,
  );
}

/** Each is wrong in one thing. */
const SLIPS: Readonly<Record<string, Slips>> = {
  "from another origin": { origin: "https://tokens.example.com.evil.example" },
  "from the same host without TLS": { origin: "http://tokens.example.com" },
  "for another relying party": { rpId: "evil.example" },
  "to another challenge": { challenge: toBase64Url(new Uint8Array(32)) },
  "of the other ceremony": { type: "webauthn.none" },
  "of nobody present": { flags: 0x04 },
  "of somebody not verified": { flags: 0x01 },
  "backed up, and not able to be": { flags: 0x15 },
};

describe("a new passkey", () => {
  test("is taken as the library takes it", async () => {
    const authenticator = await make();
    const answer = await authenticator.create({ challenge: CHALLENGE });
    expect(await verifyNewPasskey(answer, EXPECTED)).toEqual({
      credentialId: authenticator.id,
      publicKey: await authenticator.publicKey(),
      algorithm: ES256,
      counter: 0,
    });
    expect(await libraryRegisters(answer)).toBe(true);
  });

  test.each(Object.entries(SLIPS))("%s is refused, as by the library", async (_, slips) => {
    const flags = slips.flags === undefined ? {} : { flags: slips.flags | 0x40 };
    const answer = await (await make()).create({ challenge: CHALLENGE }, { ...slips, ...flags });
    expect(await verifyNewPasskey(answer, EXPECTED)).toBeNull();
    expect(await libraryRegisters(answer)).toBe(false);
  });

  test("under an id that is not the authenticator's is refused", async () => {
    const other = await make();
    const answer = await (await make()).create({ challenge: CHALLENGE }, { credentialId: other.id });
    expect(await verifyNewPasskey(answer, EXPECTED)).toBeNull();
  });

  test("asked for in a frame of another site is refused", async () => {
    const answer = await (await make()).create({ challenge: CHALLENGE }, { crossOrigin: true });
    expect(await verifyNewPasskey(answer, EXPECTED)).toBeNull();
  });

  test.each([
    ["RSA of 1,024 bits", { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 1024 }, -257],
    ["P-384 called P-256", { name: "ECDSA", namedCurve: "P-384" }, -7],
    ["an algorithm that nobody asked for", { name: "ECDSA", namedCurve: "P-256" }, -35],
  ])("of %s is refused", async (_, algorithm, number) => {
    const full = { publicExponent: Uint8Array.of(1, 0, 1), ...algorithm };
    const keys = (await crypto.subtle.generateKey(full, true, ["sign", "verify"])) as CryptoKeyPair;
    const spki = new Uint8Array((await crypto.subtle.exportKey("spki", keys.publicKey)) as ArrayBuffer);
    const answer = await (await make()).create({ challenge: CHALLENGE });
    const response = { ...answer.response, publicKey: toBase64Url(spki), publicKeyAlgorithm: number };
    expect(await verifyNewPasskey({ ...answer, response }, EXPECTED)).toBeNull();
  });

  test.each([null, "text", 7, [], {}, { id: "a", rawId: "a", type: "public-key" }])(
    "%j is none",
    async (answer) => {
      expect(await verifyNewPasskey(answer, EXPECTED)).toBeNull();
    },
  );
});

describe("an answer to a sign-in", () => {
  test("is taken as the library takes it, and its counter is told", async () => {
    const authenticator = await make();
    const answer = await authenticator.get({ challenge: CHALLENGE }, { counter: 8 });
    expect(await verifyPasskey(answer, EXPECTED, await knownOf(authenticator, 7))).toBe(8);
    expect(await libraryAdmits(answer, authenticator, 7)).toBe(true);
  });

  test("is taken whatever bytes its signature has", async () => {
    const authenticator = await make();
    const known = await knownOf(authenticator);
    for (let round = 0; round < 600; round += 1) {
      // About every hundredth has a number that is shorter than the others.
      const answer = await authenticator.get({ challenge: CHALLENGE }, { counter: 1 });
      expect(await verifyPasskey(answer, EXPECTED, known)).toBe(1);
    }
  });

  test.each(Object.entries(SLIPS))("%s is refused, as by the library", async (_, slips) => {
    const authenticator = await make();
    const answer = await authenticator.get({ challenge: CHALLENGE }, slips);
    expect(await verifyPasskey(answer, EXPECTED, await knownOf(authenticator))).toBeNull();
    expect(await libraryAdmits(answer, authenticator, 0)).toBe(false);
  });

  test.each([7, 6])("with a counter that is %i after 7 is refused, as by the library", async (counter) => {
    const authenticator = await make();
    const answer = await authenticator.get({ challenge: CHALLENGE }, { counter });
    expect(await verifyPasskey(answer, EXPECTED, await knownOf(authenticator, 7))).toBeNull();
    expect(await libraryAdmits(answer, authenticator, 7)).toBe(false);
  });

  test("of an authenticator that keeps no counter is taken each time", async () => {
    const authenticator = await make();
    const answer = await authenticator.get({ challenge: CHALLENGE }, { counter: 0 });
    expect(await verifyPasskey(answer, EXPECTED, await knownOf(authenticator))).toBe(0);
    expect(await libraryAdmits(answer, authenticator, 0)).toBe(true);
  });

  test("that another key has signed is refused, as by the library", async () => {
    const authenticator = await make();
    const answer = await authenticator.get({ challenge: CHALLENGE }, { signedBy: await make() });
    expect(await verifyPasskey(answer, EXPECTED, await knownOf(authenticator))).toBeNull();
    expect(await libraryAdmits(answer, authenticator, 0)).toBe(false);
  });

  test("that names another person, or nobody, is refused", async () => {
    const authenticator = await make();
    const known = await knownOf(authenticator);
    const other = await authenticator.get(
      { challenge: CHALLENGE },
      { userHandle: userHandleOf("usr_other") },
    );
    expect(await verifyPasskey(other, EXPECTED, known)).toBeNull();
    const { userHandle: _, ...response } = (await authenticator.get({ challenge: CHALLENGE })).response;
    const honest = await authenticator.get({ challenge: CHALLENGE });
    expect(await verifyPasskey({ ...honest, response }, EXPECTED, known)).toBeNull();
  });

  test("with any one bit changed is refused", async () => {
    const authenticator = await make();
    const known = await knownOf(authenticator);
    const answer = await authenticator.get({ challenge: CHALLENGE });
    for (const part of ["clientDataJSON", "authenticatorData", "signature"] as const) {
      const bytes = fromBase64Url(answer.response[part]);
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const changed = bytes.slice();
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const response = { ...answer.response, [part]: toBase64Url(changed) };
        expect(await verifyPasskey({ ...answer, response }, EXPECTED, known), `${part} ${bit}`).toBeNull();
      }
    }
  });
});
