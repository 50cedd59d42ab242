import type { CheckError } from "./authority.ts";

/** What the guard says without asking, in Jeton's words (contract, section 7); only Jeton localises. */
function ownError(status: number, code: string, description: string): CheckError {
  return {
    status,
    error_code: code,
    error_description: description,
    localized_error_description: description,
  };
}

export const NO_CREDENTIAL = ownError(
  401,
  "COM0013",
  "No credential was sent. Send a header Authorization: Bearer followed by your token.",
);

export const AMBIGUOUS_CREDENTIAL = ownError(
  400,
  "COM0014",
  "Send exactly one credential, in the Authorization header and not in the query string.",
);

/** Seconds after which to try again where Jeton did not say. */
const RETRY_AFTER_SECONDS = 1;

/** @param retryAfterSeconds what Jeton said, if it said anything */
export function unavailable(retryAfterSeconds: number = RETRY_AFTER_SECONDS): CheckError {
  const description = `No reliable answer is possible at the moment. Try again in ${retryAfterSeconds} s.`;
  return { ...ownError(503, "COM0004", description), retry_after: retryAfterSeconds };
}
