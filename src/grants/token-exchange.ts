import { TOKEN_EXCHANGE } from "../domain/client.ts";
import { exchangeToken } from "../operations/oauth/exchange-token.ts";
import type { Grant } from "./grant.ts";

/** RFC 8693, of a client's own access tokens alone. */
export const tokenExchange: Grant = {
  type: TOKEN_EXCHANGE,
  presents: { parameter: "subject_token", kind: "at", called: "access token" },
  redeem: exchangeToken,
};
