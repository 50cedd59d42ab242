import { randomBase62 } from "../../domain/base62.ts";
import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import type { ClientRow } from "../../store/client-authentication.ts";
import { commit } from "../../store/database.ts";
import { findPushedRequest, insertPushedRequest } from "../../store/pushed-requests.ts";
import { hashCredential } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import { pairsOf, readOnce, readReturnPath, type Pairs, type ReturnPath } from "./authorization-request.ts";
import { ENHANCE_TOKEN_SECONDS } from "./make-enhance-token.ts";
import { presentCredential } from "./present-credential.ts";

/** A client's request for more, as far as it can be read without knowing who is at the browser. */
export interface EnhancementRequest {
  readonly client: ClientRow;
  readonly back: ReturnPath;
  readonly responseType: string | null;
  readonly scope: string | null;
  /** Hash of the enhance token. */
  readonly enhanceHash: string;
  /** Whether the session is to end with the decision. */
  readonly logout: boolean;
  /** By which this request is found again. */
  readonly handle: string;
}

export interface RefusedEnhancement {
  readonly refusal: OAuthRefusal;
  /** As of an authorization request. */
  readonly back: ReturnPath | null;
}

const HANDLE_LENGTH = 43;

/** What is kept under a handle can never be found by a `request_uri`, nor the other way round. */
const HANDLE_PREFIX = "addextrascope:";

const KEPT = ["redirect_uri", "response_type", "scope", "state", "logout"] as const;

/** Stands in the store for the enhance token, which itself is never stored. */
const HASH = "enhance_token_hash";

/**
 * Keeps the request that a client's link brings, since the enhance token in it has no place in links of ours:
 * those have a handle.
 */
export async function keepEnhancement(
  deps: Deps,
  query: Pairs,
): Promise<Result<EnhancementRequest, RefusedEnhancement>> {
  const place = await readReturnPath(deps, query);
  if (!place.ok) return err({ refusal: place.error, back: null });
  const { client, back } = place.value;
  const refused = (refusal: OAuthRefusal) => err({ refusal, back });
  const kept: [string, string][] = [];
  for (const name of KEPT) {
    const value = readOnce(query, name);
    if (!value.ok) return refused(value.error);
    if (value.value !== null) kept.push([name, value.value]);
  }
  const token = readOnce(query, "enhance_token");
  if (!token.ok) return refused(token.error);
  if (token.value === null) return refused({ kind: "parameter_missing", parameter: "enhance_token" });
  const presented = presentCredential(deps, token.value, "et", "enhance token");
  if (!presented.ok) return refused(presented.error);

  const handle = randomBase62(HANDLE_LENGTH, deps.randomBytes);
  const parameters: [string, string][] = [...kept, [HASH, presented.value]];
  const row = {
    hash: hashCredential(HANDLE_PREFIX + handle),
    clientId: client.id,
    parameters,
    // Signing in is part of it; the enhance token has its own end.
    expiresAt: deps.clock() + ENHANCE_TOKEN_SECONDS * 1000,
    usedAt: null,
  };
  await commit(deps.db, [insertPushedRequest(deps.db, row)]);
  return ok(requestOf({ client, back }, pairsOf(row), handle));
}

/** The request of a handle, with its client as it is now. */
export async function findEnhancement(
  deps: Deps,
  handle: string,
): Promise<Result<EnhancementRequest, RefusedEnhancement>> {
  const row = await findPushedRequest(deps.db, hashCredential(HANDLE_PREFIX + handle));
  if (row === undefined || row.expiresAt <= deps.clock()) {
    return err({ refusal: { kind: "credential_expired", credential: "authorization request" }, back: null });
  }
  const pairs = pairsOf(row);
  const place = await readReturnPath(deps, pairs);
  return place.ok ? ok(requestOf(place.value, pairs, handle)) : err({ refusal: place.error, back: null });
}

function requestOf(
  place: Pick<EnhancementRequest, "client" | "back">,
  pairs: Pairs,
  handle: string,
): EnhancementRequest {
  const get = (name: string) => pairs.find(([sent]) => sent === name)?.[1] ?? null;
  return {
    ...place,
    responseType: get("response_type"),
    scope: get("scope"),
    enhanceHash: get(HASH) ?? "",
    logout: get("logout")?.toLowerCase() === "true",
    handle,
  };
}
