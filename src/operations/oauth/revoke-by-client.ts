import type { OAuthCredential, OAuthRefusal } from "../../domain/oauth-refusal.ts";
import type { RegionCode } from "../../domain/region.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { parseCredential } from "../../domain/token.ts";
import { findTokenByHash } from "../../store/access-tokens.ts";
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

type Revoked = Result<Receipted | null, OAuthRefusal>;

/**
 * Revokes a token at its client's request (RFC 7009). An unknown token, and another client's, is left alone and
 * answered as if it were done (section 2.2); a refresh token takes its access tokens with it. Whoever holds a
 * refresh token may end it without more, as seed 002's form of the call does.
 * @returns what was ended, or had been; null: nothing that the client may know of
 */
export async function revokeByClient(deps: Deps, request: OAuthRequest): Promise<Revoked> {
  const { parameters } = request;
  const text = parameters.get("token") ?? parameters.get("refresh_token");
  if (text === null) return err({ kind: "parameter_missing", parameter: "token" });
  const credential = parseCredential(text);
  const identified = await whoAsks(deps, request, credential?.kind === "rt");
  if (!identified.ok) return identified;
  if (credential === null) return ok(null);
  if (credential.region === deps.region && !tagHolds(deps, credential)) return ok(null);
  const client = identified.value?.client ?? null;
  const hash = hashCredential(text);
  if (credential.kind === "rt") return endRefresh(deps, hash, client?.id ?? null, request.ip);
  if (credential.kind === "at" && client !== null) return endAccess(deps, hash, client.id, request.ip);
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
): Promise<Revoked> {
  const token = await findRefreshToken(deps.db, hash);
  if (token === undefined || !isHere(deps, token.teamId)) return ok(null);
  if (clientId !== null && token.clientId !== clientId) return ok(null);
  if (token.teamLivesIn !== null) return err(movedTo("refresh token", token.teamLivesIn));
  const by = { actor: token.clientId, owner: token.holder, ip };
  return ok(await endRefreshToken(deps, token, "revoked by the client", by));
}

async function endAccess(deps: Deps, hash: string, clientId: string, ip: string | null): Promise<Revoked> {
  const token = await findTokenByHash(deps.db, hash);
  if (token?.kind !== "at" || !isHere(deps, token.teamId) || token.clientId !== clientId) return ok(null);
  if (token.teamLivesIn !== null) return err(movedTo("access token", token.teamLivesIn));
  const by = { actor: clientId, owner: token.userId ?? clientId, ip };
  return ok(await endToken(deps, token, (event) => auditRowOf(deps, by, event)));
}

function movedTo(credential: OAuthCredential, region: RegionCode): OAuthRefusal {
  return { kind: "credential_elsewhere", credential, region };
}
