import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { readCheckableToken, refuseTokenEnded, type CheckableToken } from "../../store/access-tokens.ts";
import { recordChange } from "../../store/changes.ts";
import { refuseClientDeleted } from "../../store/client-authentication.ts";
import { commitIfHolds } from "../../store/database.ts";
import { findGrantNow, refuseEnded } from "../../store/grants.ts";
import { auditRowOf } from "../change.ts";
import type { Deps } from "../deps.ts";
import { asHeld } from "../held-permissions.ts";
import type { Moment } from "../moment.ts";
import { heldAgainstJournal } from "../records.ts";
import { isHere } from "../tenant.ts";
import { chargeIssue } from "./charge-issue.ts";
import { grantStanding } from "./grant-standing.ts";
import { answerOf, makeAccessToken } from "./make-tokens.ts";
import { narrowAudience, narrowScope } from "./narrow.ts";
import { presentMovable } from "./present-credential.ts";
import type { OAuthParameters } from "./request.ts";
import type { TokenAnswer, TokenRequest } from "./token-request.ts";

/** RFC 8693, section 3. */
const ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token";

/**
 * A narrower access token for one of the client's own (RFC 8693): for the same person, team and grant, with no
 * more permissions, resources, addresses and time, and bound to the same key.
 */
export async function exchangeToken(
  deps: Deps,
  request: TokenRequest,
  moment: Moment,
): Promise<Result<TokenAnswer, OAuthRefusal>> {
  const { client, parameters, proofKey, ip } = request;
  const subject = readSubject(parameters);
  if (!subject.ok) return subject;
  const found = await findSubject(deps, subject.value, request, moment);
  if (!found.ok) return err({ kind: "subject_token_invalid", cause: found.error });
  const { token, notAfter } = found.value;
  const permissions = await narrowScope(deps, token.permissions, parameters, moment);
  if (!permissions.ok) return permissions;
  const audience = narrowAudience(token.audience, parameters.resources);
  if (!audience.ok) return audience;
  const { id, hash, teamId, userId, grantId, allowedIps } = token;
  if (grantId !== null) {
    const wait = await chargeIssue(deps, "access_tokens", grantId, null, { client, ip });
    if (wait !== null) return err({ kind: "rate_limited", what: "access tokens", retryAfterSeconds: wait });
  }

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
  const audit = auditRowOf(
    deps,
    { actor: client.id, owner: userId ?? client.id, ip },
    {
      type: "access_token.exchanged",
      teamId,
      subject: access.row.id,
      detail: { client: client.id, from: id, grant: grantId, permissions: access.row.permissions },
    },
  );
  const won = await commitIfHolds(deps.db, [
    refuseTokenEnded(deps.db, hash),
    grantId === null
      ? refuseClientDeleted(deps.db, client.id)
      : refuseEnded(deps.db, { grantId, clientId: client.id }),
    ...access.insert,
    ...recordChange(deps.db, { subjects: [], audit }),
  ]);
  if (!won) return err({ kind: "subject_token_invalid", cause: ENDED });
  return ok({ ...answerOf(access, null), issuedTokenType: ACCESS_TOKEN_TYPE });
}

const ENDED: OAuthRefusal = { kind: "credential_ended", credential: "access token" };

/** The subject token, if what is asked is what this server does (RFC 8693, section 2.1). */
function readSubject(parameters: OAuthParameters): Result<string, OAuthRefusal> {
  const token = parameters.get("subject_token");
  if (token === null) return err({ kind: "parameter_missing", parameter: "subject_token" });
  const type = parameters.get("subject_token_type");
  if (type === null) return err({ kind: "parameter_missing", parameter: "subject_token_type" });
  if (type !== ACCESS_TOKEN_TYPE) return err({ kind: "parameter_invalid", parameter: "subject_token_type" });
  const requested = parameters.get("requested_token_type");
  if (requested !== null && requested !== ACCESS_TOKEN_TYPE) {
    return err({ kind: "parameter_invalid", parameter: "requested_token_type" });
  }
  // Nobody acts for somebody else here: a token would otherwise say more than was granted.
  for (const parameter of ["actor_token", "actor_token_type"]) {
    if (parameters.get(parameter) !== null) return err({ kind: "parameter_invalid", parameter });
  }
  // Targets are named by `resource` (RFC 8707) alone; section 2.2.2 has the error's name.
  return parameters.get("audience") === null ? ok(token) : err({ kind: "target_invalid" });
}

/** A subject token in force, as its user holds it now, and when what comes of it has to end. */
async function findSubject(
  deps: Deps,
  text: string,
  { client, proofKey }: TokenRequest,
  moment: Moment,
): Promise<Result<{ readonly token: CheckableToken; readonly notAfter: number | null }, OAuthRefusal>> {
  const hash = await presentMovable(deps, text, "at", "access token", moment);
  if (!hash.ok) return hash;
  await heldAgainstJournal(deps.records, moment);
  const { token: stored } = await readCheckableToken(deps.db, hash.value);
  if (stored === undefined || !isHere(deps, stored.teamId)) {
    return err({ kind: "credential_unknown", credential: "access token" });
  }
  if (stored.teamLivesIn !== null) {
    return err({ kind: "credential_elsewhere", credential: "access token", region: stored.teamLivesIn });
  }
  if (stored.clientId !== client.id) {
    return err({ kind: "credential_of_another_client", credential: "access token" });
  }
  if (stored.proofKey !== null && stored.proofKey !== proofKey) return err({ kind: "proof_required" });
  if (stored.revokedAt !== null) return err(ENDED);
  const now = deps.clock();
  if (stored.expiresAt !== null && stored.expiresAt <= now) {
    return err({ kind: "credential_expired", credential: "access token" });
  }
  if (stored.teamStatus === "suspended") return err({ kind: "team_suspended" });
  if (stored.userId !== null && stored.membership === null) return err({ kind: "user_gone" });
  if (stored.grantId !== null) {
    const standing = grantStanding(await findGrantNow(deps.db, stored.grantId), "access token", now);
    if (!standing.ok) return standing;
  }
  const token = asHeld(stored);
  if (token.permissions.length === 0) return err({ kind: "nothing_left" });
  return ok({ token, notAfter: stored.expiresAt });
}
