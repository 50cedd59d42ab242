/** Where a region is met as itself. */
export interface OwnPlaces {
  /** Its base URL. */
  readonly origin: string;
  /** Further host names, in lower case. */
  readonly hosts: readonly string[];
  /** Whether this machine's own names are such, on any port: for trying out, and for probes beside the server. */
  readonly loopback: boolean;
}

/** How many ways of writing a host are remembered beside the region's own; nobody needs more. */
const MAX_PREFIXES = 16;

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Whether a request came to the region itself. Asked of every request and before all else: the region's own host
 * costs one comparison, and nothing is read.
 */
export class OwnHosts {
  readonly #names: ReadonlySet<string>;
  readonly #loopback: boolean;
  /** With the slash that ends the host: `https://a.example/` is no start of `https://a.example.evil/`. */
  readonly #prefixes: string[];

  constructor({ origin, hosts, loopback }: OwnPlaces) {
    const { host, hostname } = new URL(origin);
    this.#names = new Set([hostname, ...hosts]);
    this.#loopback = loopback;
    // Behind a proxy that ends TLS, requests say http.
    this.#prefixes = [`https://${host}/`, `http://${host}/`];
  }

  covers(url: string): boolean {
    for (const prefix of this.#prefixes) if (url.startsWith(prefix)) return true;
    return this.#coversOtherwise(url);
  }

  /** The same host on another port or in capitals, one of the others, or this machine's. */
  #coversOtherwise(url: string): boolean {
    const { hostname, origin } = new URL(url);
    if (!this.#names.has(hostname) && !(this.#loopback && LOOPBACK_HOSTS.has(hostname))) return false;
    if (this.#prefixes.length < MAX_PREFIXES) this.#prefixes.push(`${origin}/`);
    return true;
  }
}
