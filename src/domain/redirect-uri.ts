import { parseAddress } from "./address.ts";
import { CLIENT_TYPE_RULES, type ClientType, type ClientTypeRules } from "./client.ts";

/** Whose redirect URIs: of pages, or of programs on the user's own device. */
export type RedirectKind = NonNullable<ClientTypeRules["redirects"]>;

export const MAX_URI = 500;

/** RFC 3986, section 2: what a URI may hold, wildcards left out, and every percent sign with its two digits. */
const PLAIN = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()+,;=]|%[0-9A-Fa-f]{2})+$/;

const WEB =
  /^(?<scheme>https?):\/\/(?<host>\[[0-9a-fA-F:.]+\]|[^/?#:[\]@]+)(?::(?<port>[1-9]\d{0,4}))?(?<rest>(?:[/?#].*)?)$/;

const DNS_NAME =
  /^(?=.{1,253}$)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;

/** RFC 8252, section 7.1: a name that its owner has in reverse, so that no two apps claim one by accident. */
const PRIVATE_USE = /^[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:\/[^@]*$/;

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(["127.0.0.1", "[::1]", "localhost"]);

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: "80", https: "443" };

interface WebAddress {
  readonly scheme: string;
  /** As it was written. */
  readonly host: string;
  readonly port: string | null;
  /** Path, query and fragment. */
  readonly rest: string;
}

/**
 * Whether a client may register this redirect URI (contract, section 6; RFC 9700, section 4.1): https, or http
 * on a loopback address, and for programs on a device also a private-use scheme (RFC 8252). Without fragment,
 * user information or wildcard.
 */
export function isRedirectUri(kind: RedirectKind, text: string): boolean {
  if (!isPlain(text) || text.includes("#")) return false;
  const web = parseWeb(text);
  if (web !== null) return isSecure(web);
  return kind === "native" && PRIVATE_USE.test(text);
}

/**
 * Whether a redirect URI that a request sent is this registered one: the same text. For programs on a device
 * the port of an http loopback address may differ, because they take one that is free (RFC 8252, section 7.3);
 * nothing else may (RFC 9700, section 2.1).
 * @param registered one that `isRedirectUri` has let through
 */
export function redirectMatches(registered: string, sent: string, type: ClientType): boolean {
  if (registered === sent) return true;
  if (CLIENT_TYPE_RULES[type].redirects !== "native" || !isRedirectUri("native", sent)) return false;
  const [ours, theirs] = [parseWeb(registered), parseWeb(sent)];
  return (
    ours?.scheme === "http" &&
    theirs?.scheme === "http" &&
    ours.host === theirs.host &&
    ours.rest === theirs.rest
  );
}

/** Whether scripts can come from there, written as browsers write `Origin` (RFC 6454, section 6.2). */
export function isScriptOrigin(text: string): boolean {
  const web = isPlain(text) ? parseWeb(text) : null;
  if (web === null || web.rest !== "" || text !== text.toLowerCase()) return false;
  // A browser leaves the usual port out: an origin that names it would never be met.
  return isSecure(web) && web.port !== DEFAULT_PORTS[web.scheme];
}

/** Whether a link to this leads to a web page, and nowhere else: it stands on the consent page. */
export function isWebPage(text: string): boolean {
  return isPlain(text) && parseWeb(text) !== null;
}

function isPlain(text: string): boolean {
  return text.length <= MAX_URI && PLAIN.test(text);
}

function isSecure({ scheme, host }: WebAddress): boolean {
  return scheme === "https" || LOOPBACK_HOSTS.has(host);
}

function parseWeb(text: string): WebAddress | null {
  const { scheme, host, port, rest } = WEB.exec(text)?.groups ?? {};
  if (scheme === undefined || host === undefined || rest === undefined) return null;
  if (!isHost(host) || Number(port ?? 1) > 65_535) return null;
  return { scheme, host, port: port ?? null, rest };
}

function isHost(host: string): boolean {
  if (host.startsWith("[")) return parseAddress(host.slice(1, -1)) !== null && host.includes(":");
  // What ends in a number is an address to a browser: 127.1 and 0x7f000001 are.
  const last = host.slice(host.lastIndexOf(".") + 1);
  return /^(?:\d+|0[xX][0-9a-fA-F]*)$/.test(last) ? parseAddress(host) !== null : DNS_NAME.test(host);
}
