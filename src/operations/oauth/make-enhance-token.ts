import { CLIENT_TYPE_RULES } from "../../domain/client.ts";
import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { commitIfHolds } from "../../store/database.ts";
import { insertEnhanceToken } from "../../store/enhance-tokens.ts";
import { findGrantNow, refuseEnded } from "../../store/grants.ts";
import { findRefreshToken, refuseRefreshTokenEnded } from "../../store/refresh-tokens.ts";
import { hashCredential, makeCredential } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import type { Moment } from "../moment.ts";
import { isHere } from "../tenant.ts";
import { grantStanding } from "./grant-standing.ts";
import { identifyClient } from "./identify-client.ts";
import { presentMovable } from "./present-credential.ts";
import { proofKeyOf } from "./proof-key.ts";
import type { OAuthRequest } from "./request.ts";

/** Contract, section 2. */
export const ENHANCE_TOKEN_SECONDS = 600;

const GRANT_TYPE = "update_scopes_token";

export interface EnhanceToken {
  readonly token: string;
  readonly expiresInSeconds: number;
  /** Origins whose scripts may read the answer. */
  readonly jsOrigins: readonly string[];
}

/**
 * Makes the token by which a client asks the user of a refresh token for more (contract, section 6,
 * "incremental authorization"). A refresh token that was replaced is refused, and that is all: it asks for
 * nothing that could be taken.
 */
export async function makeEnhanceToken(
  deps: Deps,
  request: OAuthRequest,
  moment: Moment,
): Promise<Result<EnhanceToken, OAuthRefusal>> {
  const { parameters } = request;
  const identified = await identifyClient(deps, request);
  if (!identified.ok) return identified;
  const { client, teamStatus } = identified.value;
  if (teamStatus === "suspended") return err({ kind: "team_suspended" });
  const type = parameters.get("grant_type");
  if (type === null) return err({ kind: "parameter_missing", parameter: "grant_type" });
  if (type !== GRANT_TYPE) return err({ kind: "grant_type_unsupported" });
  // The answer of the person goes to a redirect URI.
  if (CLIENT_TYPE_RULES[client.type].redirects === null) {
    return err({ kind: "grant_type_not_for_client", type: client.type });
  }
  const text = parameters.get("refresh_token");
  if (text === null) return err({ kind: "parameter_missing", parameter: "refresh_token" });
  const presented = await presentMovable(deps, text, "rt", "refresh token", moment);
  if (!presented.ok) return presented;
  const hash = presented.value;
  const row = await findRefreshToken(deps.db, hash);
  if (row === undefined || !isHere(deps, row.teamId)) {
    return err({ kind: "credential_unknown", credential: "refresh token" });
  }
  if (row.teamLivesIn !== null) {
    return err({ kind: "credential_elsewhere", credential: "refresh token", region: row.teamLivesIn });
  }
  if (row.clientId !== client.id) {
    return err({ kind: "credential_of_another_client", credential: "refresh token" });
  }
  const proven = await proofKeyOf(deps, request);
  if (!proven.ok) return proven;
  if (row.proofKey !== null && row.proofKey !== proven.value) return err({ kind: "proof_required" });
  if (row.revokedFor === "evicted") return err({ kind: "credential_evicted" });
  if (row.revokedAt !== null) return err({ kind: "credential_ended", credential: "refresh token" });
  if (row.rotatedAt !== null) return err({ kind: "credential_used", credential: "refresh token" });
  const grant = await findGrantNow(deps.db, row.grantId);
  const standing = grantStanding(grant, "refresh token", deps.clock());
  if (!standing.ok) return standing;

  const token = makeCredential(deps, "et");
  const now = deps.clock();
  const stored = await commitIfHolds(deps.db, [
    refuseRefreshTokenEnded(deps.db, hash),
    refuseEnded(deps.db, row),
    insertEnhanceToken(deps.db, {
      hash: hashCredential(token),
      grantId: row.grantId,
      clientId: client.id,
      createdAt: now,
      expiresAt: now + ENHANCE_TOKEN_SECONDS * 1000,
      usedAt: null,
      usedBy: null,
    }),
  ]);
  if (!stored) return err({ kind: "credential_ended", credential: "refresh token" });
  return ok({ token, expiresInSeconds: ENHANCE_TOKEN_SECONDS, jsOrigins: client.jsOrigins });
}
