import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { base64url, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWK } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../../scripts/check/tool.ts";
import { RECEIPT_TYPE } from "../../src/domain/receipt.ts";
import { receiptClaims } from "../../src/operations/receipt-claims.ts";

const folder = mkdtempSync(join(tmpdir(), "verify-receipt-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ISSUER = "https://tokens.example.com";
const CLAIMS = receiptClaims(
  {
    kind: "pat",
    id: "tok_1",
    teamId: "team_1",
    revokedAt: Date.UTC(2026, 10, 22, 10),
    effectiveBy: Date.UTC(2026, 10, 22, 10, 0, 1),
    eventId: "aud_1",
  },
  { issuer: ISSUER, region: "us" },
);

interface Signer {
  readonly jwk: JWK;
  sign(claims?: object, header?: Readonly<Record<string, string>>): Promise<string>;
}

async function makeSigner(kid: string): Promise<Signer> {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" };
  return {
    jwk,
    sign: async (claims = CLAIMS, header = {}) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: "ES256", typ: RECEIPT_TYPE, kid, ...header })
        .sign(privateKey),
  };
}

function write(name: string, content: unknown): string {
  const file = join(folder, name);
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

function run(args: readonly string[], input = "") {
  const script = join(ROOT, "scripts/verify-receipt.ts");
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    input,
    encoding: "utf8",
  });
  return { status, text: stdout + stderr };
}

let current: Signer;
let retired: Signer;
let stranger: Signer;
let jwks = "";
beforeAll(async () => {
  [current, retired, stranger] = await Promise.all([
    makeSigner("current"),
    makeSigner("retired"),
    makeSigner("current"),
  ]);
  jwks = write("jwks.json", { keys: [current.jwk, retired.jwk] });
});

const verify = (receipt: string, ...more: readonly string[]) =>
  run(["-", "--jwks", jwks, ...more], `${receipt}\n`);

describe("npm run verify-receipt", () => {
  test("says OK, with what was revoked and by when that holds", async () => {
    const { status, text } = run([write("good.jwt", await current.sign()), "--jwks", jwks]);
    expect(text).toBe(
      "OK: access token tok_1 of team_1, region us, was revoked at 2026-11-22T10:00:00.000Z\n" +
        "no check received after 2026-11-22T10:00:01.000Z accepts it\n" +
        "signed by https://tokens.example.com; audit event aud_1\n",
    );
    expect(status).toBe(0);
  });

  test("takes a key that signs no more and is still published, and not one that is not", async () => {
    expect(verify(await retired.sign()).status).toBe(0);
    const later = write("later.json", { keys: [current.jwk] });
    expect(run(["-", "--jwks", later], await retired.sign())).toMatchObject({
      status: 1,
      text: "NOT OK: its key is not among these\n",
    });
  });

  test("says NOT OK of whatever was changed, by one character or by another key", async () => {
    const [header = "", payload = "", signature = ""] = (await current.sign()).split(".");
    const otherClaims = base64url.encode(JSON.stringify({ ...CLAIMS, sub: "tok_2" }));
    for (const changed of [
      `${header}.${otherClaims}.${signature}`,
      `${header}.${payload}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`,
      await stranger.sign(),
    ]) {
      expect(verify(changed)).toMatchObject({
        status: 1,
        text: "NOT OK: it was changed, or another key signed it\n",
      });
    }
  });

  test("says NOT OK of another JWT by the same key, of one without signature and of no JWT", async () => {
    expect(verify(await current.sign(CLAIMS, { typ: "at+jwt" })).text).toMatch(/typ is not a receipt's/);
    const { effective_by: _gone, ...less } = CLAIMS;
    expect(verify(await current.sign(less)).text).toMatch(/effective_by is not a receipt's/);
    expect(verify(await current.sign({ ...CLAIMS, kind: "other" })).text).toMatch(/does not say/);
    expect(verify(await current.sign({ ...CLAIMS, revoked_at: "soon" })).text).toMatch(/does not say/);
    for (const text of [new UnsecuredJWT({ ...CLAIMS }).encode(), "nonsense", ""]) {
      expect(verify(text)).toEqual({ status: 1, text: "NOT OK: it is no receipt\n" });
    }
  });

  test("compares the issuer that is expected", async () => {
    const receipt = await current.sign();
    expect(verify(receipt, "--issuer", ISSUER).status).toBe(0);
    expect(verify(receipt, "--issuer", "https://tokens.example.eu")).toMatchObject({
      status: 1,
      text: expect.stringContaining("another issuer"),
    });
  });

  test("ends with 2 when there is nothing to verify", async () => {
    const file = write("receipt.jwt", await current.sign());
    for (const args of [[], [file], ["--jwks", jwks], [file, file, "--jwks", jwks], [file, "--other"]]) {
      expect(run(args)).toMatchObject({ status: 2, text: expect.stringContaining("usage") });
    }
    const missing = [
      [join(folder, "nowhere"), "--jwks", jwks],
      [file, "--jwks", join(folder, "nowhere")],
      [file, "--jwks", write("no-keys.json", {})],
      [file, "--jwks", write("no-json.json", "x")],
    ];
    for (const args of missing) {
      expect(run(args)).toMatchObject({ status: 2, text: expect.stringContaining("cannot read") });
    }
  });
});
