import { CLIENT_TYPE_RULES } from "../../domain/client.ts";
import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { redirectMatches } from "../../domain/redirect-uri.ts";
import type { RegionCode } from "../../domain/region.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { recordChange } from "../../store/changes.ts";
import { commitIfHolds } from "../../store/database.ts";
import { findGrantNow, refuseEnded, type GrantNow } from "../../store/grants.ts";
import {
  findRefreshToken,
  refuseRefreshTokenEnded,
  rotateRefreshToken,
  touchRefreshToken,
  type RefreshTokenRow,
} from "../../store/refresh-tokens.ts";
import { auditRowOf } from "../change.ts";
import type { Deps } from "../deps.ts";
import type { Moment } from "../moment.ts";
import { isHere } from "../tenant.ts";
import { chargeIssue } from "./charge-issue.ts";
import { endGrant } from "./end-grant.ts";
import { eraseLater } from "./erase-answers.ts";
import { grantStanding } from "./grant-standing.ts";
import { answerOf, makeAccessToken, makeRefreshToken } from "./make-tokens.ts";
import { narrowAudience, narrowScope } from "./narrow.ts";
import { presentMovable } from "./present-credential.ts";
import { keepAnswer, keptAnswer, type Attempt } from "./retry-answer.ts";
import type { TokenAnswer, TokenRequest } from "./token-request.ts";

const MAX_ATTEMPTS = 3;

/**
 * A new access token for a refresh token (RFC 6749, section 6). A confidential client's refresh token stays as
 * it is; a public client's is replaced by a new one each time, and the second use of a replaced one ends the
 * grant, unless it is the same request within 10 s (RFC 9700, section 4.14.2).
 */
export async function refreshAccess(
  deps: Deps,
  request: TokenRequest,
  moment: Moment,
): Promise<Result<TokenAnswer, OAuthRefusal>> {
  const { client, parameters } = request;
  const text = parameters.get("refresh_token");
  if (text === null) return err({ kind: "parameter_missing", parameter: "refresh_token" });
  const hash = await presentMovable(deps, text, "rt", "refresh token", moment);
  if (!hash.ok) return hash;
  const redirectUri = parameters.get("redirect_uri");
  const { redirects } = CLIENT_TYPE_RULES[client.type];
  if (
    redirectUri !== null &&
    redirects !== null &&
    !client.redirectUris.some((registered) => redirectMatches(registered, redirectUri, client.type))
  ) {
    return err({ kind: "redirect_uri_unregistered" });
  }
  const attempt: Attempt = {
    clientId: client.id,
    parameters,
    secrets: [text, request.secret ?? ""],
    proofKey: request.proofKey,
  };
  for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts += 1) {
    const token = await findRefreshToken(deps.db, hash.value);
    if (token !== undefined && token.teamLivesIn !== null) return err(movedTo(token.teamLivesIn));
    const isKnown = token !== undefined && isHere(deps, token.teamId);
    const refusal = isKnown ? misuse(token, request) : UNKNOWN;
    if (token === undefined || refusal !== null) return err(refusal ?? UNKNOWN);
    const grant = await findGrantNow(deps.db, token.grantId);
    if (token.rotatedAt !== null && token.revokedAt === null) {
      const kept = keptAnswer<TokenAnswer>(deps, attempt, { ...token, usedAt: token.rotatedAt });
      return kept === null ? refuseReuse(deps, grant, request) : ok(kept);
    }
    if (token.revokedAt !== null) return err(ended(token));
    const refreshed = await refresh(deps, { token, grant, attempt }, request, moment);
    if (refreshed !== null) return refreshed;
  }
  return err({ kind: "credential_ended", credential: "refresh token" });
}

function movedTo(region: RegionCode): OAuthRefusal {
  return { kind: "credential_elsewhere", credential: "refresh token", region };
}

const UNKNOWN: OAuthRefusal = { kind: "credential_unknown", credential: "refresh token" };

function misuse(token: RefreshTokenRow, { client, proofKey }: TokenRequest): OAuthRefusal | null {
  if (token.clientId !== client.id) {
    return { kind: "credential_of_another_client", credential: "refresh token" };
  }
  return token.proofKey !== null && token.proofKey !== proofKey ? { kind: "proof_required" } : null;
}

function ended({ revokedFor }: RefreshTokenRow): OAuthRefusal {
  return revokedFor === "evicted"
    ? { kind: "credential_evicted" }
    : { kind: "credential_ended", credential: "refresh token" };
}

async function refuseReuse(
  deps: Deps,
  grant: GrantNow | undefined,
  { client, ip }: TokenRequest,
): Promise<Result<never, OAuthRefusal>> {
  if (grant !== undefined && grant.revokedAt === null) {
    const by = { actor: client.id, owner: grant.holder, ip };
    await endGrant(deps, grant, { type: "refresh_token.reuse_detected", cause: "replay" }, by);
  }
  return err({ kind: "credential_used", credential: "refresh token" });
}

/** @returns null when the refresh token changed meanwhile */
async function refresh(
  deps: Deps,
  { token, grant, attempt }: { token: RefreshTokenRow; grant: GrantNow | undefined; attempt: Attempt },
  { client, parameters, proofKey, ip }: TokenRequest,
  moment: Moment,
): Promise<Result<TokenAnswer, OAuthRefusal> | null> {
  const standing = grantStanding(grant, "refresh token", deps.clock());
  if (!standing.ok || grant === undefined) return standing.ok ? err(UNKNOWN) : standing;
  const permissions = await narrowScope(deps, standing.value, parameters, moment);
  if (!permissions.ok) return permissions;
  const audience = narrowAudience(grant.audience, parameters.resources);
  if (!audience.ok) return audience;
  const rotates = !CLIENT_TYPE_RULES[client.type].confidential;
  const wait = await chargeIssue(deps, "access_tokens", grant.id, rotates ? token.hash : null, {
    client,
    ip,
  });
  if (wait !== null) return err({ kind: "rate_limited", what: "access tokens", retryAfterSeconds: wait });

  const { id: grantId, teamId, userId, holder, notAfter, allowedIps } = grant;
  const access = makeAccessToken(deps, {
    client,
    teamId,
    userId,
    grantId,
    permissions: permissions.value,
    audience: audience.value,
    proofKey,
    notAfter,
    allowedIps,
  });
  const next = rotates
    ? makeRefreshToken(deps, {
        grantId,
        clientId: client.id,
        teamId,
        userId,
        holder,
        proofKey: token.proofKey,
      })
    : null;
  const answer = answerOf(access, next?.secret ?? null);
  const audit = auditRowOf(
    deps,
    { actor: client.id, owner: holder, ip },
    {
      type: "grant.refreshed",
      teamId,
      subject: grantId,
      detail: { client: client.id, access_token: access.row.id, refresh_token: next?.row.id ?? token.id },
    },
  );
  const { hash } = token;
  const won = await commitIfHolds(deps.db, [
    refuseRefreshTokenEnded(deps.db, hash),
    refuseEnded(deps.db, { grantId, clientId: client.id }),
    next === null
      ? touchRefreshToken(deps.db, { hash, at: audit.at })
      : rotateRefreshToken(deps.db, {
          hash,
          at: audit.at,
          by: audit.id,
          kept: keepAnswer(deps, attempt, answer),
        }),
    ...access.insert,
    ...(next?.insert ?? []),
    ...recordChange(deps.db, { subjects: [], audit }),
  ]);
  if (!won) return null;
  if (next !== null) eraseLater(deps, moment);
  return ok(answer);
}
