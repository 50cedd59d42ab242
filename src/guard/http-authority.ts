import type { Authority, CheckAnswer } from "./authority.ts";
import { isErrorBody } from "./sound-answer.ts";

export interface HttpAuthorityOptions {
  /** The region's base URL. */
  readonly url: string;
  /** `jtn_sk_…` */
  readonly serviceKey: string;
  /** How long an answer may take, 5,000 ms unless told otherwise. */
  readonly timeoutMs?: number;
  /** The platform's `fetch`, unless another is given: a service binding's, for instance. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

const TIMEOUT_MS = 5_000;

/**
 * Asks Jeton over HTTP, for callers without a service binding.
 * @throws {TypeError} at once, when `url` is none.
 */
export function httpAuthority(options: HttpAuthorityOptions): Authority {
  const { serviceKey, timeoutMs = TIMEOUT_MS, fetch: send = (request) => fetch(request) } = options;
  const endpoint = new URL("/v1/check", options.url);
  return {
    check: async (input, { acceptLanguage } = {}) => {
      const request = new Request(endpoint, {
        method: "POST",
        headers: {
          Authorization: `Bearer ${serviceKey}`,
          "Content-Type": "application/json",
          ...(acceptLanguage === undefined ? {} : { "Accept-Language": acceptLanguage }),
        },
        body: JSON.stringify(input),
        // Followed, it would hand the caller's token to wherever it leads.
        redirect: "manual",
        signal: AbortSignal.timeout(timeoutMs),
      });
      const response = await send(request);
      const body: unknown = await response.json();
      // `authorize` looks at what a 200 says before it believes it.
      return response.status === 200 ? (body as CheckAnswer) : unanswered(response, body);
    },
  };
}

/** Not a verdict: the same form as the RPC entrypoint gives to a question that it could not answer. */
function unanswered({ status, headers }: Response, body: unknown): CheckAnswer {
  if (status < 400 || !isErrorBody(body)) throw new Error(`Status ${status} without an error of Jeton's.`);
  const retryAfter = Number.parseInt(headers.get("Retry-After") ?? "", 10);
  return {
    allowed: false,
    reason: null,
    missing: [],
    token: null,
    rate_limit: null,
    as_of: new Date().toISOString(),
    error: { ...body, status, ...(Number.isNaN(retryAfter) ? {} : { retry_after: retryAfter }) },
  };
}
