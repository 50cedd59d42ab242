import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { missingPermissions } from "../../domain/permission.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { readScope } from "../../domain/scope.ts";
import { recordChange } from "../../store/changes.ts";
import { refuseClientDeleted } from "../../store/client-authentication.ts";
import { commitIfHolds } from "../../store/database.ts";
import { findTeam } from "../../store/teams.ts";
import { auditRowOf } from "../change.ts";
import type { Deps } from "../deps.ts";
import type { Moment } from "../moment.ts";
import { knownPermissions } from "../records.ts";
import { isHere } from "../tenant.ts";
import { unknownClient } from "./identify-client.ts";
import { answerOf, makeAccessToken } from "./make-tokens.ts";
import { narrowAudience } from "./narrow.ts";
import type { TokenAnswer, TokenRequest } from "./token-request.ts";

/**
 * An access token by which a client acts for itself, in its own team (RFC 6749, section 4.4): for nobody, of no
 * grant, and without a refresh token. It ends with its client.
 */
export async function issueToClient(
  deps: Deps,
  { client, parameters, proofKey, ip }: TokenRequest,
  moment: Moment,
): Promise<Result<TokenAnswer, OAuthRefusal>> {
  const { id: clientId, teamId, notAfter, allowedIps } = client;
  if (!isHere(deps, teamId)) return err({ kind: "client_unknown" });
  // A client that is only enabled here has its team elsewhere.
  if (client.homeRegion !== null) return err({ kind: "client_elsewhere", region: client.homeRegion });
  const team = await findTeam(deps.db, teamId);
  if (team === undefined) return err(unknownClient(deps, clientId));
  if (team.status === "suspended") return err({ kind: "team_suspended" });
  if (notAfter !== null && notAfter <= deps.clock()) return err({ kind: "client_expired" });
  const permissions = await wantedOf(deps, client.permissions, parameters.get("scope"), moment);
  if (!permissions.ok) return permissions;
  const audience = narrowAudience(null, parameters.resources);
  if (!audience.ok) return audience;

  const access = makeAccessToken(deps, {
    client,
    teamId,
    userId: null,
    grantId: null,
    permissions: permissions.value,
    audience: audience.value,
    proofKey,
    notAfter,
    allowedIps,
  });
  const audit = auditRowOf(
    deps,
    { actor: clientId, owner: clientId, ip },
    {
      type: "client.token_issued",
      teamId,
      subject: clientId,
      detail: { access_token: access.row.id, permissions: access.row.permissions },
    },
  );
  const won = await commitIfHolds(deps.db, [
    refuseClientDeleted(deps.db, clientId),
    ...access.insert,
    ...recordChange(deps.db, { subjects: [], audit }),
  ]);
  return won ? ok(answerOf(access, null)) : err({ kind: "client_unknown" });
}

/** All that the client may ever be granted, or what `scope` says of it. */
async function wantedOf(
  deps: Deps,
  most: readonly string[],
  scope: string | null,
  moment: Moment,
): Promise<Result<readonly string[], OAuthRefusal>> {
  if (scope === null) return most.length === 0 ? err({ kind: "scope_missing" }) : ok(most);
  const wanted = readScope(await knownPermissions(deps.records, moment), scope);
  if (!wanted.ok) return wanted;
  const missing = missingPermissions(most, wanted.value);
  return missing.length > 0 ? err({ kind: "scope_beyond_client", missing }) : wanted;
}
