import { base64url } from "jose";
import type { Deps } from "../deps.ts";
import { SIGNING_ALGORITHM, signingKey } from "./signing-keys.ts";

type SignDeps = Pick<Deps, "db" | "vault" | "clock">;

/**
 * Signs claims by the region's key (RFC 7515, compact); `jwks.json` has the public part.
 * @param typ tells this kind of JWT from every other one (RFC 8725, section 3.11)
 */
export async function signJwt(deps: SignDeps, claims: object, typ: string): Promise<string> {
  return (await signNamed(deps, claims, typ)).jws;
}

/** The same, with the name of the key that signed. */
export async function signNamed(
  deps: SignDeps,
  claims: object,
  typ: string,
): Promise<{ readonly jws: string; readonly kid: string }> {
  const { kid, key } = await signingKey(deps);
  const input = [{ alg: SIGNING_ALGORITHM, typ, kid }, claims].map(encoded).join(".");
  // WebCrypto's form of an ECDSA signature is the one of RFC 7518, section 3.4.
  const signature = await crypto.subtle.sign(
    { name: "ECDSA", hash: "SHA-256" },
    key,
    new TextEncoder().encode(input),
  );
  return { jws: `${input}.${base64url.encode(new Uint8Array(signature))}`, kid };
}

function encoded(part: object): string {
  return base64url.encode(JSON.stringify(part));
}
