import { CLIENT_TYPE_RULES } from "../../domain/client.ts";
import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { writeScope } from "../../domain/scope.ts";
import { GRANTS } from "../../grants/index.ts";
import { identifyClient } from "../../operations/oauth/identify-client.ts";
import { proofKeyOf } from "../../operations/oauth/proof-key.ts";
import type { TokenAnswer } from "../../operations/oauth/token-request.ts";
import { answerError, answerJson } from "./answers.ts";
import { readableBy, servePost, type DepsOf, type EndpointCall, type OAuthApp } from "./endpoint.ts";

/** The token endpoint (RFC 6749, section 3.2). */
export function serveToken(app: OAuthApp, depsOf: DepsOf): void {
  servePost(app, "/oauth/v2/token", depsOf, answerToken, (parameters) => {
    const presents = GRANTS.find(({ type }) => type === parameters.get("grant_type"))?.presents ?? null;
    return presents === null ? [] : [presents];
  });
}

async function answerToken(call: EndpointCall): Promise<Result<Response, OAuthRefusal>> {
  const { deps, request, oauth, moment } = call;
  const { parameters } = oauth;
  const identified = await identifyClient(deps, oauth);
  if (!identified.ok) return identified;
  const { client, secret, teamStatus } = identified.value;
  const redeemed = await redeem();
  // From here on the client is known: a script of its own may read the refusal as well.
  const response = redeemed.ok
    ? answerJson(presentTokens(redeemed.value, deps.origins[deps.region], parameters.get("state")))
    : answerError(redeemed.error, deps.origins);
  return ok(readableBy(response, request, client.jsOrigins));

  async function redeem(): Promise<Result<TokenAnswer, OAuthRefusal>> {
    const type = parameters.get("grant_type");
    if (type === null) return err({ kind: "parameter_missing", parameter: "grant_type" });
    const grant = GRANTS.find((known) => known.type === type);
    if (grant === undefined) return err({ kind: "grant_type_unsupported" });
    if (!CLIENT_TYPE_RULES[client.type].grants.includes(grant.type)) {
      return err({ kind: "grant_type_not_for_client", type: client.type });
    }
    // A suspended team is refused everywhere (contract, section 5), its applications in other teams too.
    if (teamStatus === "suspended") return err({ kind: "team_suspended" });
    const proofKey = await proofKeyOf(deps, oauth);
    if (!proofKey.ok) return proofKey;
    return grant.redeem(deps, { client, secret, parameters, proofKey: proofKey.value, ip: oauth.ip }, moment);
  }
}

/** Contract, section 6; never `expires_in_sec`, by which the vendor's SDK takes seconds for milliseconds. */
function presentTokens(answer: TokenAnswer, apiDomain: string, state: string | null) {
  const { accessToken, refreshToken, tokenType, expiresInSeconds, permissions, issuedTokenType } = answer;
  return {
    access_token: accessToken,
    ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
    ...(issuedTokenType === undefined ? {} : { issued_token_type: issuedTokenType }),
    api_domain: apiDomain,
    token_type: tokenType,
    expires_in: expiresInSeconds,
    scope: writeScope(permissions),
    ...(state === null ? {} : { state }),
  };
}
