import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { parseCredential } from "../../domain/token.ts";
import { findOAuthAccessToken, revokeAccessToken } from "../../store/access-tokens.ts";
import { commit } from "../../store/database.ts";
import { findGrantNow } from "../../store/grants.ts";
import { findRefreshToken } from "../../store/refresh-tokens.ts";
import { auditRowOf } from "../change.ts";
import { hashCredential, tagHolds } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import { journalEnd } from "../journal-watch.ts";
import { subjects } from "../subjects.ts";
import { endGrant } from "./end-grant.ts";
import { identifyClient, type IdentifiedClient } from "./identify-client.ts";
import type { OAuthRequest } from "./request.ts";

/**
 * Revokes a token at its client's request (RFC 7009). An unknown token, and another client's, is left alone and
 * answered as if it were done (section 2.2); a refresh token takes its access tokens with it. Whoever holds a
 * refresh token may end it without more, as seed 002's form of the call does.
 */
export async function revokeByClient(deps: Deps, request: OAuthRequest): Promise<Result<null, OAuthRefusal>> {
  const { parameters } = request;
  const text = parameters.get("token") ?? parameters.get("refresh_token");
  if (text === null) return err({ kind: "parameter_missing", parameter: "token" });
  const credential = parseCredential(text);
  const identified = await whoAsks(deps, request, credential?.kind === "rt");
  if (!identified.ok) return identified;
  if (credential === null) return ok(null);
  if (credential.region !== deps.region && (credential.kind === "rt" || credential.kind === "at")) {
    const called = credential.kind === "rt" ? "refresh token" : "access token";
    return err({ kind: "credential_elsewhere", credential: called, region: credential.region });
  }
  if (!tagHolds(deps, credential)) return ok(null);
  const client = identified.value?.client ?? null;
  const hash = hashCredential(text);
  if (credential.kind === "rt") await endRefreshToken(deps, hash, client?.id ?? null, request.ip);
  if (credential.kind === "at" && client !== null) await endAccessToken(deps, hash, client.id, request.ip);
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

async function endRefreshToken(
  deps: Deps,
  hash: string,
  clientId: string | null,
  ip: string | null,
): Promise<void> {
  const token = await findRefreshToken(deps.db, hash);
  if (token === undefined || (clientId !== null && token.clientId !== clientId)) return;
  const grant = await findGrantNow(deps.db, token.grantId);
  if (grant === undefined || grant.revokedAt !== null) return;
  const by = { actor: token.clientId, owner: token.holder, ip };
  await endGrant(deps, grant, { type: "grant.revoked", cause: "revoked by the client" }, by);
}

async function endAccessToken(deps: Deps, hash: string, clientId: string, ip: string | null): Promise<void> {
  const token = await findOAuthAccessToken(deps.db, hash);
  if (token === undefined || token.clientId !== clientId || token.revokedAt !== null) return;
  const by = { actor: clientId, owner: token.userId ?? clientId, ip };
  const { id, teamId } = token;
  const audit = auditRowOf(deps, by, { type: "access_token.revoked", teamId, subject: id });
  const known = await journalEnd(deps, { kind: "access_token", id, at: audit.at });
  const change = { subjects: [subjects.token(id)], audit };
  await commit(deps.db, [...revokeAccessToken(deps.db, { id, change }), ...known]);
}
