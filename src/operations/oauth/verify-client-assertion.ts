import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { err, type Result } from "../../domain/result.ts";
import type { ClientRow } from "../../store/client-authentication.ts";
import type { Deps } from "../deps.ts";

/** RFC 7523, section 2.2. */
export const CLIENT_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** Whose assertion it says it is; nothing is believed of it yet. */
export function subjectOfAssertion(_assertion: string): string | null {
  return null;
}

export async function verifyClientAssertion(
  _deps: Deps,
  _client: ClientRow,
  _assertion: string,
): Promise<Result<null, OAuthRefusal>> {
  return err({ kind: "client_assertion_invalid", why: "it cannot be verified." });
}
