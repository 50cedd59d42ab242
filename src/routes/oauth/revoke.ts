import { ok } from "../../domain/result.ts";
import { revokeByClient } from "../../operations/oauth/revoke-by-client.ts";
import type { Presented } from "../../operations/oauth/foreign-credential.ts";
import { answerJson } from "./answers.ts";
import { servePost, type DepsOf, type OAuthApp } from "./endpoint.ts";

const REVOCABLE: readonly Presented[] = ["token", "refresh_token"].flatMap((parameter) => [
  { parameter, kind: "rt", called: "refresh token" } as const,
  { parameter, kind: "at", called: "access token" } as const,
]);

/**
 * The revocation endpoint (RFC 7009), with seed 002's answer. What was signed about it is in a header: clients
 * ignore the body (section 2.2), and some compare it.
 */
export function serveRevoke(app: OAuthApp, depsOf: DepsOf): void {
  servePost(
    app,
    "/oauth/v2/token/revoke",
    depsOf,
    async ({ deps, oauth }) => {
      const revoked = await revokeByClient(deps, oauth);
      if (!revoked.ok) return revoked;
      const headers: Record<string, string> =
        revoked.value === null ? {} : { "Jeton-Receipt": revoked.value.receipt };
      return ok(answerJson({ status: "success" }, headers));
    },
    () => REVOCABLE,
  );
}
