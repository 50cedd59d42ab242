import { env } from "cloudflare:workers";
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from "jose";
import { describe, expect, test } from "vitest";
import { driveClock, rows, send, startWorker, type Worker } from "../support.ts";
import { fireJobs } from "./jobs.ts";

const DAY_MS = 86_400_000;
const clock = driveClock();

interface Keys {
  readonly keys: readonly Readonly<Record<string, string>>[];
}

async function keys(at?: Worker): Promise<Keys> {
  const response = await send("GET", "/.well-known/jwks.json", {
    as: null,
    ...(at === undefined ? {} : { at }),
  });
  return response.json();
}

async function signed(at?: Worker): Promise<string> {
  const path = "/.well-known/oauth-protected-resource";
  const response = await send("GET", path, { as: null, ...(at === undefined ? {} : { at }) });
  const { signed_metadata: jwt } = await response.json<{ signed_metadata: string }>();
  return jwt;
}

const kids = async () => (await keys()).keys.map(({ kid }) => kid);
const holds = async (jwt: string) =>
  jwtVerify(jwt, createLocalJWKSet((await keys()) as unknown as JSONWebKeySet), {
    currentDate: new Date(),
  }).then(
    () => true,
    () => false,
  );

test("of 20 that ask first, all get the same one key", async () => {
  const workers = await Promise.all(Array.from({ length: 4 }, () => startWorker()));
  const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => keys(workers[index % 4])));
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(answers[0]?.keys).toHaveLength(1);
  expect(await rows("SELECT kid FROM signing_keys")).toHaveLength(1);
});

test("a key is public, of P-256, and named by its thumbprint", async () => {
  const [key] = (await keys()).keys;
  expect(Object.keys(key ?? {}).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x", "y"]);
  expect(key).toMatchObject({ kty: "EC", crv: "P-256", alg: "ES256", use: "sig" });
  expect(key?.["kid"]).toMatch(/^[\w-]{43}$/);
});

test("the private part is stored sealed, and opens for its own key alone", async () => {
  const [row] = await rows<{ private_jwk: string }>("SELECT private_jwk FROM signing_keys");
  expect(row?.private_jwk).toMatch(/^[0-9a-f]+$/);
  // No JSON, in hex.
  expect(row?.private_jwk).not.toMatch(/^7b/);
});

describe("rotation", () => {
  test("leaves a key alone for 90 days", async () => {
    const before = await kids();
    clock.advance(90 * DAY_MS - 1);
    await fireJobs();
    expect(await kids()).toEqual(before);
  });

  test("then lets a new one sign, and the old one be verified by for 30 days more", async () => {
    const [old] = await kids();
    const jwt = await signed();
    clock.advance(1);
    await fireJobs();
    const [current, ...others] = await kids();
    expect(current).not.toBe(old);
    expect(others).toEqual([old]);
    expect(decodeProtectedHeader(await signed()).kid).toBe(current);
    expect(await holds(jwt)).toBe(true);

    clock.advance(30 * DAY_MS - 1);
    await fireJobs();
    expect(await kids()).toEqual([current, old]);
    clock.advance(2);
    expect(await kids()).toEqual([current]);
    expect(await holds(jwt)).toBe(false);
    await fireJobs();
    expect(await rows("SELECT kid FROM signing_keys")).toEqual([{ kid: current }]);
  });

  test("by several jobs at once makes one new key", async () => {
    const [old] = await kids();
    clock.advance(90 * DAY_MS);
    await Promise.all([fireJobs(), fireJobs(), fireJobs()]);
    expect(await rows("SELECT kid FROM signing_keys WHERE retired_at IS NULL")).toHaveLength(1);
    const [current, ...others] = await kids();
    expect(current).not.toBe(old);
    expect(others).toEqual([old]);
  });
});

test("a key whose secret nothing opens any more is replaced when something is to be signed", async () => {
  const [old] = await kids();
  const at = await startWorker({ ENCRYPTION_KEYS: "jtn-dev-another-encryption-key" });
  const jwt = await signed(at);
  expect(decodeProtectedHeader(jwt).kid).not.toBe(old);
  expect(await holds(jwt)).toBe(true);
});

test("what another key signed does not hold", async () => {
  const jwt = await signed();
  await env.DB.prepare("DELETE FROM signing_keys").run();
  expect(await holds(jwt)).toBe(false);
});
