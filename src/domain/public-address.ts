/*
 * Addresses that others store here and this server then calls are a way in (server-side request forgery).
 * A Worker cannot pin the addresses that a name resolves to, so names and ports are what can be judged
 * (facts: platform, "Workers").
 */

const MAX_NAME = 253;

/** Names that lead inside on somebody's machine or network (RFC 6761, RFC 6762, RFC 8375). */
const PRIVATE_SUFFIXES = [
  "localhost",
  "local",
  "internal",
  "intranet",
  "private",
  "corp",
  "home",
  "lan",
  "home.arpa",
  "in-addr.arpa",
  "ip6.arpa",
  "test",
  "invalid",
  "onion",
];

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** What of a URL decides where a request goes, as the platform's own parser reads it. */
export interface UrlParts {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: string;
  readonly username: string;
  readonly password: string;
}

/** A public DNS name in lower case: at least two labels, none of them an address or a private suffix. */
export function isPublicName(name: string): boolean {
  if (
    name.length > MAX_NAME ||
    !/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/.test(name)
  ) {
    return false;
  }
  return !PRIVATE_SUFFIXES.some((suffix) => name === suffix || name.endsWith(`.${suffix}`));
}

/**
 * Whether a stored URL may be called: https on port 443 at a public name, and nothing that hides a
 * credential in it.
 * @param allowLoopback for trying things out on one machine: http at a loopback address too, on any port
 */
export function isCallable(url: UrlParts, { allowLoopback }: { readonly allowLoopback: boolean }): boolean {
  if (url.username !== "" || url.password !== "") return false;
  if (allowLoopback && LOOPBACK_HOSTS.has(url.hostname)) {
    return url.protocol === "http:" || url.protocol === "https:";
  }
  return url.protocol === "https:" && url.port === "" && isPublicName(url.hostname);
}
