import { isCallable } from "../domain/public-address.ts";
import type { Deps } from "./deps.ts";

const TIMEOUT_MS = 5_000;

/** Far more than any provider's metadata. */
const MAX_BYTES = 256 * 1024;

/** What signing in needs of a provider's metadata. */
const NEEDED = ["authorization_endpoint", "token_endpoint", "jwks_uri"] as const;

/**
 * Whether an OpenID provider answers at this issuer with what signing in needs, each at an address that
 * may be called. Asked when a connection is saved, so that a typo is found then and not by its users.
 */
export async function isUsableProvider({ send, allowLoopback }: Deps, issuer: string): Promise<boolean> {
  const metadata = await readMetadata(send, issuer).catch(() => null);
  // OpenID Connect Discovery, section 4.3: the very issuer that was asked, or it vouches for another's users.
  if (metadata?.["issuer"] !== issuer) return false;
  return NEEDED.every((name) => {
    const address = metadata[name];
    return (
      typeof address === "string" && URL.canParse(address) && isCallable(new URL(address), { allowLoopback })
    );
  });
}

async function readMetadata(send: Deps["send"], issuer: string): Promise<Record<string, unknown> | null> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await send(new Request(url, { redirect: "manual", signal }));
  if (response.status !== 200 || Number(response.headers.get("Content-Length") ?? 0) > MAX_BYTES) return null;
  const text = await response.text();
  const value: unknown = text.length > MAX_BYTES ? null : JSON.parse(text);
  return typeof value === "object" ? (value as Record<string, unknown> | null) : null;
}
