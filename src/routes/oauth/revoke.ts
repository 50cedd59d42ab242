import { ok } from "../../domain/result.ts";
import { revokeByClient } from "../../operations/oauth/revoke-by-client.ts";
import { answerJson } from "./answers.ts";
import { servePost, type DepsOf, type OAuthApp } from "./endpoint.ts";

/** The revocation endpoint (RFC 7009), with seed 002's answer. */
export function serveRevoke(app: OAuthApp, depsOf: DepsOf): void {
  servePost(app, "/oauth/v2/token/revoke", depsOf, async ({ deps, oauth }) => {
    const revoked = await revokeByClient(deps, oauth);
    return revoked.ok ? ok(answerJson({ status: "success" })) : revoked;
  });
}
