import { CLIENT_TYPE_RULES } from "../../domain/client.ts";
import { recordChange } from "../../store/changes.ts";
import { commitIfHolds } from "../../store/database.ts";
import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import {
  findGrantNow,
  findGrantToken,
  useGrantToken,
  type GrantNow,
  type GrantTokenRow,
} from "../../store/grants.ts";
import { evictBeyond, grantsEvictedBy } from "../../store/refresh-tokens.ts";
import { auditRowOf } from "../change.ts";
import type { Deps } from "../deps.ts";
import { journalEnded } from "../journal-watch.ts";
import type { Moment } from "../moment.ts";
import { chargeIssue } from "./charge-issue.ts";
import { endGrant } from "./end-grant.ts";
import { eraseLater } from "./erase-answers.ts";
import { grantStanding } from "./grant-standing.ts";
import { answerOf, makeAccessToken, makeRefreshToken } from "./make-tokens.ts";
import { narrowAudience, narrowScope } from "./narrow.ts";
import { verifierRefusal } from "./pkce.ts";
import { presentCredential } from "./present-credential.ts";
import { keepAnswer, keptAnswer, type Attempt } from "./retry-answer.ts";
import type { TokenAnswer, TokenRequest } from "./token-request.ts";

/** A lost race is looked at again; each time somebody else has used the token up or ended it. */
const MAX_ATTEMPTS = 3;

/**
 * Exchanges a grant token (authorization code) for tokens, once (RFC 6749, section 4.1.3). The same request by
 * the same client within 10 s gets the same answer; any other second use ends what the first one gave, but only
 * once the client has authenticated and the code verifier held, or a logged code would be a kill switch.
 */
export async function redeemGrantToken(
  deps: Deps,
  request: TokenRequest,
  moment: Moment,
): Promise<Result<TokenAnswer, OAuthRefusal>> {
  const code = request.parameters.get("code");
  if (code === null) return err({ kind: "parameter_missing", parameter: "code" });
  const hash = presentCredential(deps, code, "gc", "grant token");
  if (!hash.ok) return hash;
  const attempt: Attempt = {
    clientId: request.client.id,
    parameters: request.parameters,
    secrets: [code, request.secret ?? ""],
    proofKey: request.proofKey,
  };
  for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts += 1) {
    const token = await findGrantToken(deps.db, hash.value);
    const refusal = token === undefined ? UNKNOWN : misuse(token, request);
    if (token === undefined || refusal !== null) return err(refusal ?? UNKNOWN);
    const grant = await findGrantNow(deps.db, token.grantId);
    if (token.usedAt !== null) {
      const kept = keptAnswer<TokenAnswer>(deps, attempt, token);
      return kept === null ? refuseReplay(deps, grant, request) : ok(kept);
    }
    if (token.expiresAt <= deps.clock())
      return err({ kind: "credential_expired", credential: "grant token" });
    const redeemed = await redeem(deps, { token, grant, attempt }, request, moment);
    if (redeemed !== null) return redeemed;
  }
  return err({ kind: "credential_used", credential: "grant token" });
}

const UNKNOWN: OAuthRefusal = { kind: "credential_unknown", credential: "grant token" };

/** What speaks against this client with this request using this token, whether it was used or not. */
function misuse(token: GrantTokenRow, { client, parameters, proofKey }: TokenRequest): OAuthRefusal | null {
  if (token.clientId !== client.id) {
    return { kind: "credential_of_another_client", credential: "grant token" };
  }
  const redirectUri = parameters.get("redirect_uri");
  // A self client's has none, and what its library sends all the same is no matter.
  if (token.redirectUri !== null && redirectUri !== token.redirectUri) {
    return redirectUri === null
      ? { kind: "parameter_missing", parameter: "redirect_uri" }
      : { kind: "redirect_uri_differs" };
  }
  if (token.proofKey !== null && token.proofKey !== proofKey) return { kind: "proof_required" };
  return verifierRefusal(token.codeChallenge, parameters.get("code_verifier"));
}

async function refuseReplay(
  deps: Deps,
  grant: GrantNow | undefined,
  { client, ip }: TokenRequest,
): Promise<Result<never, OAuthRefusal>> {
  if (grant !== undefined && grant.revokedAt === null) {
    const by = { actor: client.id, owner: grant.holder, ip };
    await endGrant(deps, grant, { type: "grant.revoked", cause: "replay" }, by);
  }
  return err({ kind: "credential_used", credential: "grant token" });
}

/** @returns null when somebody else was first */
async function redeem(
  deps: Deps,
  { token, grant, attempt }: { token: GrantTokenRow; grant: GrantNow | undefined; attempt: Attempt },
  { client, parameters, proofKey, ip }: TokenRequest,
  moment: Moment,
): Promise<Result<TokenAnswer, OAuthRefusal> | null> {
  const standing = grantStanding(grant, "grant token", deps.clock());
  if (!standing.ok || grant === undefined) return standing.ok ? err(UNKNOWN) : standing;
  const permissions = await narrowScope(deps, standing.value, parameters, moment);
  if (!permissions.ok) return permissions;
  const audience = narrowAudience(grant.audience, parameters.resources);
  if (!audience.ok) return audience;
  const isOffline = grant.accessType === "offline";
  if (isOffline) {
    const wait = await chargeIssue(deps, "refresh_tokens", client.id, token.hash);
    if (wait !== null) return err({ kind: "rate_limited", what: "refresh tokens", retryAfterSeconds: wait });
  }

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
  const refresh = isOffline
    ? makeRefreshToken(deps, {
        grantId,
        clientId: client.id,
        teamId,
        userId,
        holder,
        // RFC 9449, section 5: a confidential client's is bound to the client already.
        proofKey: CLIENT_TYPE_RULES[client.type].confidential ? null : proofKey,
      })
    : null;
  const answer = answerOf(access, refresh?.secret ?? null);
  const by = { actor: client.id, owner: holder, ip };
  const audit = auditRowOf(deps, by, {
    type: "grant.redeemed",
    teamId,
    subject: grantId,
    detail: { client: client.id, access_token: access.row.id, refresh_token: refresh?.row.id ?? null },
  });
  const eviction = auditRowOf(deps, by, { type: "refresh_token.evicted", teamId, subject: grantId });
  const kept = keepAnswer(deps, attempt, answer);
  const won = await commitIfHolds(deps.db, [
    ...useGrantToken(deps.db, { token, at: audit.at, usedBy: audit.id, kept }),
    ...access.insert,
    ...(refresh?.insert ?? []),
    ...(refresh === null
      ? []
      : evictBeyond(deps.db, {
          clientId: client.id,
          holder,
          most: deps.oauth.refreshTokensPerUser,
          audit: eviction,
        })),
    ...recordChange(deps.db, { subjects: [], audit }),
  ]);
  if (!won) return null;
  eraseLater(deps, moment);
  if (refresh !== null) {
    const evicted = await grantsEvictedBy(deps.db, eviction.id);
    await journalEnded(deps, ...evicted.map((id) => ({ kind: "grant" as const, id, at: eviction.at })));
  }
  return ok(answer);
}
