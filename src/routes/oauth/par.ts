import { OAUTH_PATHS } from "../../domain/oauth-endpoints.ts";
import { ok } from "../../domain/result.ts";
import { pushRequest } from "../../operations/oauth/push-request.ts";
import { answerJson } from "./answers.ts";
import { readableBy, servePost, type DepsOf, type OAuthApp } from "./endpoint.ts";

/** The pushed authorization request endpoint (RFC 9126). */
export function servePushedRequests(app: OAuthApp, depsOf: DepsOf): void {
  servePost(app, OAUTH_PATHS.pushedAuthorization, depsOf, async ({ deps, request, oauth, moment }) => {
    const pushed = await pushRequest(deps, oauth, moment);
    if (!pushed.ok) return pushed;
    const { requestUri, expiresInSeconds, jsOrigins } = pushed.value;
    const body = { request_uri: requestUri, expires_in: expiresInSeconds };
    return ok(readableBy(answerJson(body, {}, 201), request, jsOrigins));
  });
}
