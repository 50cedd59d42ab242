import { insertAccessToken, type AccessTokenRow } from "../../store/access-tokens.ts";
import type { ClientRow } from "../../store/client-authentication.ts";
import type { Statement } from "../../store/database.ts";
import { insertRefreshToken, type RefreshTokenRow } from "../../store/refresh-tokens.ts";
import { hashCredential, makeCredential, makeId } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import type { TokenAnswer } from "./token-request.ts";

/** What an access token is to be. */
export interface AccessTokenPlan {
  readonly client: ClientRow;
  readonly teamId: string;
  readonly userId: string | null;
  /** Null: of the client itself. */
  readonly grantId: string | null;
  /** Expanded and sorted. */
  readonly permissions: readonly string[];
  readonly audience: string | null;
  readonly proofKey: string | null;
  /** Upper bounds, null: none. */
  readonly notAfter: number | null;
  readonly allowedIps: readonly string[] | null;
}

export interface MadeAccessToken {
  readonly row: AccessTokenRow;
  readonly secret: string;
  readonly expiresInSeconds: number;
  readonly insert: readonly Statement[];
}

/** Makes an OAuth access token; the statements store it. */
export function makeAccessToken(deps: Deps, plan: AccessTokenPlan): MadeAccessToken {
  const secret = makeCredential(deps, "at");
  const now = deps.clock();
  const expiresAt = Math.min(now + deps.oauth.accessTokenSeconds * 1000, plan.notAfter ?? Infinity);
  const row: AccessTokenRow = {
    hash: hashCredential(secret),
    id: makeId(deps, "tok"),
    kind: "at",
    teamId: plan.teamId,
    name: plan.client.name,
    profileId: null,
    clientId: plan.client.id,
    userId: plan.userId,
    grantId: plan.grantId,
    audience: plan.audience,
    proofKey: plan.proofKey,
    permissions: [...plan.permissions],
    allowedIps: plan.allowedIps === null ? null : [...plan.allowedIps],
    rateLimit: null,
    rateWindowSeconds: null,
    createdAt: now,
    createdBy: plan.client.id,
    expiresAt,
    revokedAt: null,
    revokedBy: null,
    revocationEffectiveBy: null,
    lastUsedAt: null,
    importedSeq: null,
    movedFrom: null,
  };
  const expiresInSeconds = Math.max(0, Math.floor((expiresAt - now) / 1000));
  return { row, secret, expiresInSeconds, insert: [insertAccessToken(deps.db, row)] };
}

/** Makes a refresh token of a grant; the statements store it. */
export function makeRefreshToken(
  deps: Deps,
  of: Pick<RefreshTokenRow, "grantId" | "clientId" | "teamId" | "userId" | "holder" | "proofKey">,
): { readonly row: RefreshTokenRow; readonly secret: string; readonly insert: readonly Statement[] } {
  const secret = makeCredential(deps, "rt");
  const row: RefreshTokenRow = {
    ...of,
    hash: hashCredential(secret),
    id: makeId(deps, "rtk"),
    createdAt: deps.clock(),
    lastUsedAt: null,
    rotatedAt: null,
    revokedAt: null,
    revokedBy: null,
    revokedFor: null,
    retryFingerprint: null,
    retryAnswer: null,
    importedSeq: null,
    movedFrom: null,
  };
  return { row, secret, insert: [insertRefreshToken(deps.db, row)] };
}

export function answerOf(
  { row, secret, expiresInSeconds }: MadeAccessToken,
  refreshToken: string | null,
): TokenAnswer {
  return {
    accessToken: secret,
    refreshToken,
    expiresInSeconds,
    permissions: row.permissions,
    tokenType: row.proofKey === null ? "Bearer" : "DPoP",
  };
}
