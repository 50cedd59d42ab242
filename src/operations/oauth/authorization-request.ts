import { AUTHORIZATION_CODE, CLIENT_TYPE_RULES } from "../../domain/client.ts";
import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { missingPermissions } from "../../domain/permission.ts";
import { redirectMatches } from "../../domain/redirect-uri.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { readScope } from "../../domain/scope.ts";
import { readClient, type ClientRow } from "../../store/client-authentication.ts";
import { findPushedRequest, type PushedRequestRow } from "../../store/pushed-requests.ts";
import { hashCredential } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import type { Moment } from "../moment.ts";
import { knownPermissions } from "../records.ts";
import { unknownClient } from "./identify-client.ts";
import { isResource } from "./narrow.ts";
import { CHALLENGE } from "./pkce.ts";

/** Parameters as they came, repeated ones among them. */
export type Pairs = readonly (readonly [name: string, value: string])[];

/** What an authorization request may say; anything else is ignored (RFC 6749, section 3.1). */
const READ: ReadonlySet<string> = new Set([
  "access_type",
  "client_id",
  "code_challenge",
  "code_challenge_method",
  "dpop_jkt",
  "prompt",
  "redirect_uri",
  "request_uri",
  "resource",
  "response_mode",
  "response_type",
  "scope",
  "state",
]);

const MOST_RESOURCES = 20;

/** Where the browser is sent back to: a registered place of the client's, with the client's own word. */
export interface ReturnPath {
  readonly redirectUri: string;
  readonly state: string | null;
}

/** An authorization request in which everything is sound but that nobody has agreed to it (RFC 6749, section 4.1.1). */
export interface AuthorizationRequest {
  readonly client: ClientRow;
  readonly back: ReturnPath;
  /** Expanded and sorted; within what the client may ever be granted. */
  readonly permissions: readonly string[];
  readonly audience: string | null;
  readonly accessType: "online" | "offline";
  readonly prompt: "none" | "consent" | null;
  readonly codeChallenge: string | null;
  readonly proofKey: string | null;
  /** Hash of the `request_uri` by which it came (RFC 9126); null: by none. */
  readonly pushed: string | null;
}

export interface RefusedRequest {
  readonly refusal: OAuthRefusal;
  /** Null: the client, or where it wants to be answered, is not sound; then nobody is sent anywhere. */
  readonly back: ReturnPath | null;
  /** Whether the client wants no page to be shown, whatever comes (`prompt=none`). */
  readonly quiet: boolean;
}

/** Reads the request that a browser brings, by itself or as one that the client has pushed before. */
export async function readAuthorizationRequest(
  deps: Deps,
  query: Pairs,
  moment: Moment,
): Promise<Result<AuthorizationRequest, RefusedRequest>> {
  const nowhere = (refusal: OAuthRefusal) => err({ refusal, back: null, quiet: false });
  const found = await findRequest(deps, query);
  if (!found.ok) return nowhere(found.error);
  const { pairs, pushed } = found.value;
  const place = await readReturnPath(deps, pairs);
  if (!place.ok) return nowhere(place.error);
  const { client, back } = place.value;
  const quiet = promptOf(pairs) === "none";
  if (pushed !== null && query.some(([name]) => READ.has(name) && !BESIDE_PUSHED.has(name))) {
    return err({ refusal: { kind: "request_uri_required_alone" }, back, quiet });
  }
  const request = await validateRequest(deps, { client, back }, pairs, moment);
  return request.ok ? ok({ ...request.value, pushed }) : err({ refusal: request.error, back, quiet });
}

const BESIDE_PUSHED: ReadonlySet<string> = new Set(["client_id", "request_uri"]);

/** What is asked for: in the query, or under the `request_uri` in it. */
async function findRequest(
  deps: Deps,
  query: Pairs,
): Promise<Result<{ pairs: Pairs; pushed: string | null }, OAuthRefusal>> {
  const requestUri = readOnce(query, "request_uri");
  if (!requestUri.ok) return requestUri;
  if (requestUri.value === null) return ok({ pairs: query, pushed: null });
  const clientId = readOnce(query, "client_id");
  if (!clientId.ok) return clientId;
  const hash = hashCredential(requestUri.value);
  const row = await findPushedRequest(deps.db, hash);
  if (row === undefined) return err({ kind: "credential_unknown", credential: "request_uri" });
  // RFC 9126, section 4: it is its client's, and nobody else's.
  if (row.clientId !== clientId.value) {
    return err({ kind: "credential_of_another_client", credential: "request_uri" });
  }
  if (row.usedAt !== null) return err({ kind: "credential_used", credential: "request_uri" });
  if (row.expiresAt <= deps.clock()) return err({ kind: "credential_expired", credential: "request_uri" });
  return ok({ pairs: pairsOf(row), pushed: hash });
}

/** A stored request as it came. */
export function pairsOf({ clientId, parameters }: PushedRequestRow): Pairs {
  return [["client_id", clientId], ...parameters];
}

/** What of a request is stored: nothing that the endpoint does not read, and so no secret. */
export function storedPairs(pairs: Pairs): [string, string][] {
  return pairs
    .filter(([name]) => READ.has(name) && !BESIDE_PUSHED.has(name))
    .map(([name, value]) => [name, value]);
}

/**
 * Who asks, and where the answer goes. Until both are known to belong together nobody is sent anywhere (RFC
 * 6749, section 4.1.2.1; RFC 9700, section 2.1).
 */
export async function readReturnPath(
  deps: Deps,
  pairs: Pairs,
): Promise<Result<{ client: ClientRow; back: ReturnPath }, OAuthRefusal>> {
  const id = readOnce(pairs, "client_id");
  if (!id.ok) return id;
  if (id.value === null) return err({ kind: "client_missing" });
  const found = await readClient(deps.db, { id: id.value, secretHash: null, now: deps.clock() });
  if (found === undefined) return err(unknownClient(deps, id.value));
  const { client, teamStatus } = found;
  // Whoever answers for the client is suspended: people are not sent to it either.
  if (teamStatus === "suspended") return err({ kind: "team_suspended" });
  const back = returnPathOf(client, pairs);
  return back.ok ? ok({ client, back: back.value }) : back;
}

export function returnPathOf(client: ClientRow, pairs: Pairs): Result<ReturnPath, OAuthRefusal> {
  const { redirects, grants } = CLIENT_TYPE_RULES[client.type];
  if (redirects === null || !grants.includes(AUTHORIZATION_CODE)) {
    return err({ kind: "grant_type_not_for_client", type: client.type });
  }
  const redirectUri = readOnce(pairs, "redirect_uri");
  if (!redirectUri.ok) return redirectUri;
  const sent = redirectUri.value;
  if (sent === null) return err({ kind: "parameter_missing", parameter: "redirect_uri" });
  if (!client.redirectUris.some((registered) => redirectMatches(registered, sent, client.type))) {
    return err({ kind: "redirect_uri_refused" });
  }
  // A state that came twice is nobody's word.
  const state = readOnce(pairs, "state");
  return ok({ redirectUri: sent, state: state.ok ? state.value : null });
}

/** Everything else about a request; what is wrong here is told to the client. */
export async function validateRequest(
  deps: Deps,
  { client, back }: { readonly client: ClientRow; readonly back: ReturnPath },
  pairs: Pairs,
  moment: Moment,
): Promise<Result<AuthorizationRequest, OAuthRefusal>> {
  const twice = repeatedIn(pairs);
  if (twice !== null) return err(twice);
  const get = (name: string) => pairs.find(([sent]) => sent === name)?.[1] || null;

  const responseType = get("response_type");
  if (responseType === null) return err({ kind: "parameter_missing", parameter: "response_type" });
  if (responseType !== "code") return err({ kind: "response_type_unsupported" });
  // The answer would come where the client does not look for it.
  if ((get("response_mode") ?? "query") !== "query") {
    return err({ kind: "parameter_invalid", parameter: "response_mode" });
  }
  const codeChallenge = readChallenge(client, get("code_challenge"), get("code_challenge_method"));
  if (!codeChallenge.ok) return codeChallenge;
  const permissions = await readWantedScope(deps, client, get("scope"), moment);
  if (!permissions.ok) return permissions;
  const accessType = (get("access_type") ?? "online").toLowerCase();
  if (accessType !== "online" && accessType !== "offline") {
    return err({ kind: "parameter_invalid", parameter: "access_type" });
  }
  const prompt = promptOf(pairs);
  if (prompt !== "none" && prompt !== "consent" && prompt !== null) {
    return err({ kind: "parameter_invalid", parameter: "prompt" });
  }
  const resources = pairs.filter(([name, value]) => name === "resource" && value !== "");
  if (resources.length > MOST_RESOURCES || !resources.every(([, value]) => isResource(value))) {
    return err({ kind: "target_invalid" });
  }
  const audience = [...new Set(resources.map(([, value]) => value))].join(" ");
  const proofKey = get("dpop_jkt");
  // A SHA-256 in base64url, as a code challenge is (RFC 9449, section 10).
  if (proofKey !== null && !CHALLENGE.test(proofKey)) {
    return err({ kind: "parameter_invalid", parameter: "dpop_jkt" });
  }
  return ok({
    client,
    back,
    permissions: permissions.value,
    audience: audience === "" ? null : audience,
    accessType,
    prompt,
    codeChallenge: codeChallenge.value,
    proofKey,
    pushed: null,
  });
}

/** What a scope asks for, within what the client may ever be granted. */
async function readWantedScope(
  deps: Deps,
  client: ClientRow,
  scope: string | null,
  moment: Moment,
): Promise<Result<readonly string[], OAuthRefusal>> {
  if (scope === null) return err({ kind: "scope_missing" });
  const wanted = readScope(await knownPermissions(deps.records, moment), scope);
  if (!wanted.ok) return wanted;
  const missing = missingPermissions(client.permissions, wanted.value);
  return missing.length > 0 ? err({ kind: "scope_beyond_client", missing }) : wanted;
}

function readChallenge(
  client: ClientRow,
  challenge: string | null,
  method: string | null,
): Result<string | null, OAuthRefusal> {
  if (challenge === null) {
    // A method alone: somebody may have taken the challenge out (RFC 9700, section 4.8.2).
    if (method !== null) return err({ kind: "parameter_missing", parameter: "code_challenge" });
    return CLIENT_TYPE_RULES[client.type].confidential ? ok(null) : err({ kind: "challenge_required" });
  }
  // RFC 7636, section 4.3: no method means plain, which is not taken.
  if (method !== "S256") return err({ kind: "challenge_method_unsupported" });
  return CHALLENGE.test(challenge)
    ? ok(challenge)
    : err({ kind: "parameter_invalid", parameter: "code_challenge" });
}

function promptOf(pairs: Pairs): string | null {
  return pairs.find(([name]) => name === "prompt")?.[1].toLowerCase() || null;
}

/** RFC 6749, section 3.1: each at most once; `resource` alone may be repeated (RFC 8707, section 2). */
function repeatedIn(pairs: Pairs): OAuthRefusal | null {
  const seen = new Set<string>();
  for (const [name] of pairs) {
    if (seen.has(name) && name !== "resource") return repeated(name);
    seen.add(name);
  }
  return null;
}

function repeated(name: string): OAuthRefusal {
  // A name that only the caller used is not repeated to them.
  return { kind: "parameter_repeated", parameter: READ.has(name) ? name : "" };
}

/** A parameter's value; null when it was not sent, or sent empty (RFC 6749, section 3.1). */
export function readOnce(pairs: Pairs, name: string): Result<string | null, OAuthRefusal> {
  const [first, ...more] = pairs.filter(([sent]) => sent === name);
  if (more.length > 0) return err({ kind: "parameter_repeated", parameter: name });
  return ok(first?.[1] || null);
}
