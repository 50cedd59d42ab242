import { REFRESH_TOKEN } from "../domain/client.ts";
import { refreshAccess } from "../operations/oauth/refresh-access.ts";
import type { Grant } from "./grant.ts";

/** RFC 6749, section 6. */
export const refreshToken: Grant = {
  type: REFRESH_TOKEN,
  presents: { parameter: "refresh_token", kind: "rt", called: "refresh token" },
  redeem: refreshAccess,
};
