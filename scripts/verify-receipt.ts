/**
 * `npm run verify-receipt -- receipt.jwt --jwks jwks.json [--issuer <region's origin>]` verifies the receipt of a
 * revocation, without any connection; `-` reads it from standard input. The keys are those of the region's
 * `/.well-known/jwks.json`. It says OK with what was revoked and by when that holds, or why it proves nothing.
 *
 * A key that signs no more is published for 30 days: keep the keys with the receipt. A receipt proves what it says
 * of the issuer that it names: compare that, or give it as `--issuer`.
 */
import { readFileSync } from "node:fs";
import { text as textOf } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { createLocalJWKSet, errors, jwtVerify, type JSONWebKeySet, type JWTPayload } from "jose";
import { RECEIPT_TYPE, type RevokedKind } from "../src/domain/receipt.ts";

const USAGE =
  "usage: npm run verify-receipt -- <receipt.jwt, or - for standard input> --jwks <jwks.json> [--issuer <origin>]";

const NAMES: Readonly<Record<RevokedKind, string>> = {
  pat: "access token",
  at: "OAuth access token",
  rt: "refresh token, with its grant",
  cs: "client secret of",
  team: "everything of team",
  user: "everything of user",
};

const CLAIMS = ["iss", "jti", "iat", "sub", "kind", "team", "region", "revoked_at", "effective_by"];

process.exitCode = await main();

interface Wanted {
  readonly file: string;
  readonly jwks: string;
  readonly issuer: string | undefined;
}

async function main(): Promise<number> {
  const wanted = readArguments();
  if (wanted === null) {
    console.error(USAGE);
    return 2;
  }
  const keys = readKeys(wanted.jwks);
  const receipt = await readReceipt(wanted.file);
  return keys === null || receipt === null ? 2 : verify(receipt, keys, wanted);
}

async function verify(receipt: string, keys: JSONWebKeySet, { issuer }: Wanted): Promise<number> {
  try {
    const { payload } = await jwtVerify(receipt, createLocalJWKSet(keys), {
      algorithms: ["ES256"],
      typ: RECEIPT_TYPE,
      requiredClaims: CLAIMS,
      ...(issuer === undefined ? {} : { issuer }),
    });
    return tell(payload);
  } catch (error) {
    console.log(`NOT OK: ${reasonOf(error)}`);
    return 1;
  }
}

function tell(payload: JWTPayload): number {
  const { kind, sub, team, region, iss, txn, revoked_at: revokedAt, effective_by: effectiveBy } = payload;
  const what = NAMES[kind as RevokedKind];
  const times = [revokedAt, effectiveBy];
  if (
    what === undefined ||
    !times.every((time) => typeof time === "string" && !Number.isNaN(Date.parse(time)))
  ) {
    console.log("NOT OK: it does not say what a receipt says");
    return 1;
  }
  const ofTeam = typeof team === "string" && team !== sub ? ` of ${team}` : "";
  console.log(
    `OK: ${what} ${String(sub)}${ofTeam}, region ${String(region)}, was revoked at ${String(revokedAt)}`,
  );
  console.log(`no check received after ${String(effectiveBy)} accepts it`);
  console.log(`signed by ${String(iss)}${typeof txn === "string" ? `; audit event ${txn}` : ""}`);
  return 0;
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return "it was changed, or another key signed it";
  if (error instanceof errors.JWKSNoMatchingKey) return "its key is not among these";
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === "iss" ? "another issuer signed it" : `its ${error.claim} is not a receipt's`;
  }
  return "it is no receipt";
}

function readArguments(): Wanted | null {
  try {
    const { values, positionals } = parseArgs({
      options: { jwks: { type: "string" }, issuer: { type: "string" } },
      allowPositionals: true,
    });
    const [file, ...others] = positionals;
    const { jwks, issuer } = values;
    return file === undefined || jwks === undefined || others.length > 0 ? null : { file, jwks, issuer };
  } catch {
    return null;
  }
}

async function readReceipt(file: string): Promise<string | null> {
  try {
    return (file === "-" ? await textOf(process.stdin) : readFileSync(file, "utf8")).trim();
  } catch (error) {
    return cannotRead(file, error);
  }
}

function readKeys(file: string): JSONWebKeySet | null {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (Array.isArray((value as { keys?: unknown } | null)?.keys)) return value as JSONWebKeySet;
    return cannotRead(file, new Error("there are no keys in it"));
  } catch (error) {
    return cannotRead(file, error);
  }
}

function cannotRead(file: string, error: unknown): null {
  console.error(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
  return null;
}
