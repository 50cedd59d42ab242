import { calculateJwkThumbprint } from "jose";
import { deleteStaleReceipts } from "../../store/receipts.ts";
import {
  deleteRetiredKeys,
  listSigningKeys,
  replaceSigningKey,
  type SigningKeyRow,
} from "../../store/signing-keys.ts";
import type { Deps } from "../deps.ts";

const DAY_MS = 86_400_000;

/** A key signs so long. */
export const SIGNING_KEY_MS = 90 * DAY_MS;

/** What a retired key has signed can be verified so long. */
export const RETIRED_KEY_MS = 30 * DAY_MS;

export const SIGNING_ALGORITHM = "ES256";

/** So many are forgotten at once: one invocation may not take long. */
const MOST_RECEIPTS = 500;

const CURVE = { name: "ECDSA", namedCurve: "P-256" } as const;

type KeyDeps = Pick<Deps, "db" | "vault" | "clock">;

/** A key that signs, opened. */
export interface SigningKey {
  readonly kid: string;
  readonly key: CryptoKey;
}

/** The region's public keys (RFC 7517), newest first; the first one is made when it is first asked for. */
export async function publishedKeys(deps: KeyDeps): Promise<readonly Readonly<Record<string, string>>[]> {
  return (await keysNow(deps)).map(({ publicJwk }) => publicJwk);
}

/** The key that signs now. One whose private part nothing opens any more is replaced. */
export async function signingKey(deps: KeyDeps): Promise<SigningKey> {
  const [current] = await keysNow(deps);
  if (current === undefined) throw new Error("a region has a signing key");
  const opened = await open(deps, current);
  if (opened !== null) return opened;
  await replaceSigningKey(deps.db, current.kid, await makeKey(deps));
  const [next] = await keysNow(deps);
  const key = next === undefined ? null : await open(deps, next);
  if (key === null) throw new Error("a new signing key opens");
  return key;
}

/** Lets a new key sign once the current one is old, and forgets keys that were retired long ago with what they signed. */
export async function rotateSigningKey(deps: KeyDeps): Promise<void> {
  const now = deps.clock();
  const [current] = await listSigningKeys(deps.db, { retiredAfter: now });
  if (current !== undefined && current.createdAt <= now - SIGNING_KEY_MS) {
    await replaceSigningKey(deps.db, current.kid, await makeKey(deps));
  }
  await deleteRetiredKeys(deps.db, { before: now - RETIRED_KEY_MS });
  await deleteStaleReceipts(deps.db, { limit: MOST_RECEIPTS });
}

async function keysNow(deps: KeyDeps): Promise<readonly SigningKeyRow[]> {
  const retiredAfter = deps.clock() - RETIRED_KEY_MS;
  const keys = await listSigningKeys(deps.db, { retiredAfter });
  if (keys[0]?.retiredAt === null) return keys;
  await replaceSigningKey(deps.db, null, await makeKey(deps));
  return listSigningKeys(deps.db, { retiredAfter });
}

async function makeKey({ vault, clock }: KeyDeps): Promise<SigningKeyRow> {
  const pair = (await crypto.subtle.generateKey(CURVE, true, ["sign", "verify"])) as CryptoKeyPair;
  const {
    kty,
    crv = "",
    x = "",
    y = "",
  } = (await crypto.subtle.exportKey("jwk", pair.publicKey)) as JsonWebKey;
  const kid = await calculateJwkThumbprint({ kty, crv, x, y });
  const secret = JSON.stringify(await crypto.subtle.exportKey("jwk", pair.privateKey));
  return {
    kid,
    publicJwk: { kty, crv, x, y, kid, alg: SIGNING_ALGORITHM, use: "sig" },
    privateJwk: vault.seal(secret, purposeOf(kid)),
    createdAt: clock(),
    retiredAt: null,
  };
}

async function open({ vault }: KeyDeps, { kid, privateJwk }: SigningKeyRow): Promise<SigningKey | null> {
  let text: string;
  try {
    text = vault.open(privateJwk, purposeOf(kid));
  } catch {
    return null;
  }
  const key = await crypto.subtle.importKey("jwk", JSON.parse(text) as JsonWebKey, CURVE, false, ["sign"]);
  return { kid, key };
}

function purposeOf(kid: string): string {
  return `signing key ${kid}`;
}
