import { bearerCredential, TOKEN_SCHEMES } from "../../domain/bearer.ts";
import { OAUTH_PATHS } from "../../domain/oauth-endpoints.ts";
import type { Refusal } from "../../domain/refusal.ts";
import type { Result } from "../../domain/result.ts";
import type { Deps } from "../../operations/deps.ts";
import type { Moment } from "../../operations/moment.ts";
import { showUser, type ShownUser } from "../../operations/oauth/show-user.ts";
import { refuse } from "../refusals.ts";
import { metadataUrlOf } from "../resource-metadata.ts";
import { sentProof } from "../sent-proof.ts";
import { answerJson } from "./answers.ts";
import { momentOf, type DepsOf, type OAuthApp } from "./endpoint.ts";

/** Who a token acts for, in the members that clients of seed 002's service read. */
export function serveUserInfo(app: OAuthApp, depsOf: DepsOf): void {
  app.all(OAUTH_PATHS.userInfo, async (context) => {
    const deps = depsOf(context.env);
    const request = context.req.raw;
    if (request.method !== "GET" && request.method !== "HEAD") {
      return refuse({ kind: "method_not_allowed", allow: ["GET", "HEAD"] }, request, deps.origins);
    }
    const user = await whoIs(deps, request, momentOf(context, deps));
    if (!user.ok) return refuse(user.error, request, deps.origins, metadataUrlOf(deps));
    const response = answerJson(presentUser(user.value));
    return request.method === "HEAD" ? new Response(null, response) : response;
  });
}

async function whoIs(deps: Deps, request: Request, moment: Moment): Promise<Result<ShownUser, Refusal>> {
  const { headers, url } = request;
  const credential = bearerCredential(headers.get("Authorization"), url, TOKEN_SCHEMES);
  if (!credential.ok) return credential;
  const ip = headers.get("CF-Connecting-IP");
  return showUser(deps, { credential: credential.value, proof: sentProof(deps, request), ip }, moment);
}

/** No name of a person is known here, and none is made up. */
function presentUser({ id, email }: ShownUser) {
  return {
    ZUID: id,
    Display_Name: null,
    First_Name: null,
    Last_Name: null,
    Email: email,
    // As passport-zoho-crm reads it.
    email,
  };
}
