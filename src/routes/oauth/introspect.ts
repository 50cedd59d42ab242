import { bearerCredential } from "../../domain/bearer.ts";
import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import type { RegionCode } from "../../domain/region.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { writeScope } from "../../domain/scope.ts";
import type { Deps } from "../../operations/deps.ts";
import { identifyService } from "../../operations/identify-caller.ts";
import { identifyClient } from "../../operations/oauth/identify-client.ts";
import {
  introspectToken,
  type ActiveToken,
  type Introspector,
} from "../../operations/oauth/introspect-token.ts";
import { answerJson } from "./answers.ts";
import { servePost, type DepsOf, type EndpointCall, type OAuthApp } from "./endpoint.ts";

/** The introspection endpoint (RFC 7662), for services by their key and for clients that authenticate. */
export function serveIntrospect(app: OAuthApp, depsOf: DepsOf): void {
  servePost(app, "/oauth/v2/introspect", depsOf, async (call) => {
    const asker = await whoAsks(call);
    if (!asker.ok) return asker;
    const { deps, oauth, moment } = call;
    const text = oauth.parameters.get("token");
    const found = await introspectToken(deps, text, asker.value, moment);
    // More than RFC 7662, section 2.2, says of a token that is not active: only where to ask.
    if (!found.ok && found.error.kind === "credential_elsewhere") {
      return ok(answerJson({ active: false, region: presentRegion(deps, found.error.region) }));
    }
    if (!found.ok) return found;
    const issuer = deps.origins[deps.region];
    return ok(answerJson(found.value === null ? { active: false } : presentActive(found.value, issuer)));
  });
}

/** RFC 7662, section 2.1: whoever asks has to be known, or tokens could be guessed at. A public client is not. */
async function whoAsks({
  deps,
  request,
  oauth,
  moment,
}: EndpointCall): Promise<Result<Introspector, OAuthRefusal>> {
  const bearer = bearerCredential(request.headers.get("Authorization"), request.url);
  if (bearer.ok && bearer.value !== null) {
    const service = await identifyService(deps, { credential: bearer.value }, moment);
    if (service.ok) return ok({ kind: "service", service: service.value });
    const { error } = service;
    return err(
      error.kind === "wrong_region"
        ? { kind: "service_key_elsewhere", region: error.region }
        : { kind: "service_key_wrong" },
    );
  }
  const identified = await identifyClient(deps, oauth);
  if (!identified.ok) return identified;
  const { client, secret } = identified.value;
  return secret === null
    ? err({ kind: "client_secret_missing" })
    : ok({ kind: "client", clientId: client.id });
}

function presentRegion({ origins }: Pick<Deps, "origins">, code: RegionCode) {
  return { code, base_url: origins[code] };
}

function presentActive(token: ActiveToken, issuer: string) {
  const { audience, expiresAt, proofKey } = token;
  const audiences = audience?.split(" ") ?? [];
  return {
    active: true,
    scope: writeScope(token.permissions),
    ...(token.clientId === null ? {} : { client_id: token.clientId }),
    sub: token.userId ?? token.clientId ?? token.id,
    ...(audiences.length === 0 ? {} : { aud: audiences.length === 1 ? audiences[0] : audiences }),
    iss: issuer,
    iat: Math.floor(token.createdAt / 1000),
    ...(expiresAt === null ? {} : { exp: Math.floor(expiresAt / 1000) }),
    jti: token.id,
    token_type: token.kind === "rt" ? "refresh_token" : proofKey === null ? "Bearer" : "DPoP",
    ...(proofKey === null ? {} : { cnf: { jkt: proofKey } }),
    team: token.teamId,
  };
}
