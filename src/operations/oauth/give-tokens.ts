import { CLIENT_TYPE_RULES } from "../../domain/client.ts";
import type { OAuthCredential, OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { recordChange, type AuditRow } from "../../store/changes.ts";
import { commitIfHolds, type Statement } from "../../store/database.ts";
import type { GrantNow } from "../../store/grants.ts";
import { evictBeyond, grantsEvictedBy } from "../../store/refresh-tokens.ts";
import { auditRowOf } from "../change.ts";
import type { Deps } from "../deps.ts";
import { journalEnded } from "../journal-watch.ts";
import type { Moment } from "../moment.ts";
import { chargeIssue } from "./charge-issue.ts";
import { eraseLater } from "./erase-answers.ts";
import { grantStanding } from "./grant-standing.ts";
import { answerOf, makeAccessToken, makeRefreshToken } from "./make-tokens.ts";
import { narrowAudience, narrowScope } from "./narrow.ts";
import { keepAnswer, type Attempt, type KeptAnswer } from "./retry-answer.ts";
import type { TokenAnswer, TokenRequest } from "./token-request.ts";

/** A one-time credential that is about to be used up for the tokens of its grant. */
export interface OneTime {
  readonly called: OAuthCredential;
  readonly hash: string;
  readonly attempt: Attempt;
  /** Uses it up; the statements fail the batch if it was used before, or if its grant or client has ended. */
  use(by: AuditRow, kept: KeptAnswer): readonly Statement[];
}

/**
 * Gives the first tokens of a grant: an access token, and a refresh token if it was granted offline; one more
 * of these than may live evicts the oldest (contract, section 6, "Limits").
 * @returns null when somebody else used the credential up first
 */
export async function giveTokens(
  deps: Deps,
  { called, hash, attempt, use }: OneTime,
  grant: GrantNow | undefined,
  { client, parameters, proofKey, ip }: TokenRequest,
  moment: Moment,
): Promise<Result<TokenAnswer, OAuthRefusal> | null> {
  const standing = grantStanding(grant, called, deps.clock());
  if (!standing.ok) return standing;
  if (grant === undefined) return err({ kind: "credential_ended", credential: called });
  const permissions = await narrowScope(deps, standing.value, parameters, moment);
  if (!permissions.ok) return permissions;
  const audience = narrowAudience(grant.audience, parameters.resources);
  if (!audience.ok) return audience;
  const isOffline = grant.accessType === "offline";
  if (isOffline) {
    const wait = await chargeIssue(deps, "refresh_tokens", client.id, hash, { client, ip });
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
  const won = await commitIfHolds(deps.db, [
    ...use(audit, keepAnswer(deps, attempt, answer)),
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
