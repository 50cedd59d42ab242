import type { Authority, CheckAnswer, CheckError } from "./authority.ts";

export interface HttpAuthorityOptions {
  /** The region's base URL. */
  readonly url: string;
  /** `jtn_sk_…` */
  readonly serviceKey: string;
  /** The platform's `fetch`, unless another is given: a service binding's, for instance. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** Asks Jeton over HTTP, for callers without a service binding. */
export function httpAuthority(options: HttpAuthorityOptions): Authority {
  const send = options.fetch ?? ((request) => fetch(request));
  return {
    check: async (input, { acceptLanguage } = {}) => {
      const request = new Request(new URL("/v1/check", options.url), {
        method: "POST",
        headers: {
          Authorization: `Bearer ${options.serviceKey}`,
          "Content-Type": "application/json",
          ...(acceptLanguage === undefined ? {} : { "Accept-Language": acceptLanguage }),
        },
        body: JSON.stringify(input),
      });
      const response = await send(request);
      const body: unknown = await response.json();
      return response.status === 200 ? (body as CheckAnswer) : unanswered(response, body);
    },
  };
}

/** Not a verdict: the same form as the RPC entrypoint gives to a question that it could not answer. */
function unanswered(response: Response, body: unknown): CheckAnswer {
  const retryAfter = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const error: CheckError = {
    ...(body as Omit<CheckError, "status">),
    status: response.status,
    ...(Number.isNaN(retryAfter) ? {} : { retry_after: retryAfter }),
  };
  return {
    allowed: false,
    reason: null,
    missing: [],
    token: null,
    rate_limit: null,
    as_of: new Date().toISOString(),
    error,
  };
}
