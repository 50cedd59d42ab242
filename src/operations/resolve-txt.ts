import { Unavailable } from "./unavailable.ts";

/** Sends a request to somewhere else; given as an argument so that tests answer it. */
export type Send = (request: Request) => Promise<Response>;

/** The numbers of RFC 1035 and RFC 8484's JSON form. */
const TXT = 16;
const NO_SUCH_NAME = 3;

const TIMEOUT_MS = 5_000;

/**
 * The TXT records of a name, by DNS over HTTPS: Workers have no other DNS.
 * @param resolver the resolver's URL, which takes `name` and `type` and answers `application/dns-json`
 * @throws {Unavailable} when the resolver does not answer
 */
export async function resolveTxt(send: Send, resolver: string, name: string): Promise<string[]> {
  const url = new URL(resolver);
  url.searchParams.set("name", name);
  url.searchParams.set("type", "TXT");
  const answer = await ask(send, url).catch((cause: unknown) => {
    throw new Unavailable("the DNS resolver did not answer", { cause });
  });
  if (answer.Status !== 0 && answer.Status !== NO_SUCH_NAME) {
    throw new Unavailable(`the DNS resolver answered status ${answer.Status}`);
  }
  return (answer.Answer ?? []).filter(({ type }) => type === TXT).map(({ data }) => unquote(data));
}

interface DnsAnswer {
  readonly Status: number;
  readonly Answer?: readonly { readonly type: number; readonly data: string }[];
}

async function ask(send: Send, url: URL): Promise<DnsAnswer> {
  const request = new Request(url, {
    headers: { Accept: "application/dns-json" },
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const response = await send(request);
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
}

/** A record comes as quoted strings, which together are its text (RFC 1035, section 3.3.14). */
function unquote(data: string): string {
  const parts = data.match(/"(?:[^"\\]|\\.)*"/g);
  return parts === null ? data : parts.map((part) => part.slice(1, -1).replaceAll(/\\(.)/g, "$1")).join("");
}
