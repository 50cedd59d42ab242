import { CLIENT_CREDENTIALS } from "../domain/client.ts";
import { issueToClient } from "../operations/oauth/issue-to-client.ts";
import type { Grant } from "./grant.ts";

/** RFC 6749, section 4.4. */
export const clientCredentials: Grant = {
  type: CLIENT_CREDENTIALS,
  presents: null,
  redeem: issueToClient,
};
