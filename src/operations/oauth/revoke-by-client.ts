import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { parseCredential } from "../../domain/token.ts";
import { findOAuthAccessToken } from "../../store/access-tokens.ts";
import { findRefreshToken } from "../../store/refresh-tokens.ts";
import { auditRowOf } from "../change.ts";
import { hashCredential, tagHolds } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import { endToken } from "../end-token.ts";
import type { Receipted } from "../receipt.ts";
import { isHere } from "../tenant.ts";
import { endRefreshToken } from "./end-refresh-token.ts";
import { identifyClient, type IdentifiedClient } from "./identify-client.ts";
import type { OAuthRequest } from "./request.ts";

/**
 * Revokes a token at its client's request (RFC 7009). An unknown token, and another client's, is left alone and
 * answered as if it were done (section 2.2); a refresh token takes its access tokens with it. Whoever holds a
 * refresh token may end it without more, as seed 002's form of the call does.
 * @returns what was ended, or had been; null: nothing that the client may know of
 */
export async function revokeByClient(
  deps: Deps,
  request: OAuthRequest,
): Promise<Result<Receipted | null, OAuthRefusal>> {
  const { parameters } = request;
  const text = parameters.get("token") ?? parameters.get("refresh_token");
  if (text === null) return err({ kind: "parameter_missing", parameter: "token" });
  const credential = parseCredential(text);
  const identified = await whoAsks(deps, request, credential?.kind === "rt");
  if (!identified.ok) return identified;
  if (credential === null) return ok(null);
  if (!tagHolds(deps, credential)) return ok(null);
  const client = identified.value?.client ?? null;
  const hash = hashCredential(text);
  if (credential.kind === "rt") return ok(await endRefresh(deps, hash, client?.id ?? null, request.ip));
  if (credential.kind === "at" && client !== null)
    return ok(await endAccess(deps, hash, client.id, request.ip));
  return ok(null);
}

/** @returns null: nobody, where a refresh token alone suffices */
async function whoAsks(
  deps: Deps,
  request: OAuthRequest,
  sufficesAlone: boolean,
): Promise<Result<IdentifiedClient | null, OAuthRefusal>> {
  const { parameters, basic } = request;
  const names = [basic?.clientId, parameters.get("client_id"), parameters.get("client_assertion")];
  if (sufficesAlone && names.every((name) => name == null)) return ok(null);
  return identifyClient(deps, request);
}

async function endRefresh(
  deps: Deps,
  hash: string,
  clientId: string | null,
  ip: string | null,
): Promise<Receipted | null> {
  const token = await findRefreshToken(deps.db, hash);
  if (token === undefined || !isHere(deps, token.teamId)) return null;
  if (clientId !== null && token.clientId !== clientId) return null;
  const by = { actor: token.clientId, owner: token.holder, ip };
  return endRefreshToken(deps, token, "revoked by the client", by);
}

async function endAccess(
  deps: Deps,
  hash: string,
  clientId: string,
  ip: string | null,
): Promise<Receipted | null> {
  const token = await findOAuthAccessToken(deps.db, hash);
  if (token === undefined || !isHere(deps, token.teamId) || token.clientId !== clientId) return null;
  const by = { actor: clientId, owner: token.userId ?? clientId, ip };
  return endToken(deps, token, (event) => auditRowOf(deps, by, event));
}
