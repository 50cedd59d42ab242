import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import {
  findGrantNow,
  findGrantToken,
  useGrantToken,
  type GrantNow,
  type GrantTokenRow,
} from "../../store/grants.ts";
import type { Deps } from "../deps.ts";
import type { Moment } from "../moment.ts";
import { isHere } from "../tenant.ts";
import { endGrant } from "./end-grant.ts";
import { giveTokens, type OneTime } from "./give-tokens.ts";
import { verifierRefusal } from "./pkce.ts";
import { presentCredential } from "./present-credential.ts";
import { keptAnswer, type Attempt } from "./retry-answer.ts";
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
    if (grant !== undefined && !isHere(deps, grant.teamId)) return err(UNKNOWN);
    if (token.usedAt !== null) {
      const kept = keptAnswer<TokenAnswer>(deps, attempt, token);
      return kept === null ? refuseReplay(deps, grant, request) : ok(kept);
    }
    if (token.expiresAt <= deps.clock())
      return err({ kind: "credential_expired", credential: "grant token" });
    const given = await giveTokens(deps, oneTime(deps, token, attempt), grant, request, moment);
    if (given !== null) return given;
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

function oneTime(deps: Deps, token: GrantTokenRow, attempt: Attempt): OneTime {
  return {
    called: "grant token",
    hash: token.hash,
    attempt,
    use: ({ id, at }, kept) => useGrantToken(deps.db, { token, at, usedBy: id, kept }),
  };
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
