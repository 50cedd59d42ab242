import { AUTHORIZATION_CODE } from "../domain/client.ts";
import { redeemGrantToken } from "../operations/oauth/redeem-grant-token.ts";
import type { Grant } from "./grant.ts";

/** RFC 6749, section 4.1; also of a self client, whose grant token comes from the console or the API. */
export const authorizationCode: Grant = {
  type: AUTHORIZATION_CODE,
  presents: { parameter: "code", kind: "gc", called: "grant token" },
  redeem: redeemGrantToken,
};
