import { parseAddress } from "../../domain/address.ts";
import { bearerCredential, isSentWithProof, TOKEN_SCHEMES } from "../../domain/bearer.ts";
import type { SentProof } from "../../domain/proof.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { codeOf } from "../../domain/refusal-codes.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { askCheck, maySee } from "../../operations/ask-check.ts";
import type { Verdict } from "../../operations/verdict.ts";
import { identifyService, type KeyedService } from "../../operations/identify-caller.ts";
import { Unavailable } from "../../operations/unavailable.ts";
import { errorBody, languageOf, refusalHeaders } from "../refusals.ts";
import { asciiJson, headerText, rateLimitHeaders } from "./header-text.ts";
import { route, type Answer, type Call, type Route } from "./route.ts";

/** `team=any`: the proxy says in so many words that it does not care whose token it is. */
const ANY_TEAM = "any";

const ADDRESS_HEADER = "X-Jeton-Client-IP";

/** What the proxy's own configuration says of a request. */
interface Terms {
  /** Exact permissions; the token needs all of them. Null: the proxy should have named some. */
  readonly permissions: readonly string[] | null;
  readonly team: string | null;
  /** Refusal statuses that the proxy passes on; null: all of them. */
  readonly statuses: readonly string[] | null;
  /** The header in which the proxy tells the caller's address. */
  readonly addressHeader: string;
}

export const forwardAuthRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/forward-auth",
    summary: "A check for reverse proxies: the caller's own credential, the answer in status and headers.",
    access: { kind: "anyone" },
    anyAccept: true,
    query: {
      permission: "An exact permission that the token needs; repeatable.",
      team: "The team whose data is asked for, or `any`.",
      statuses: "The refusal statuses that the proxy passes on, such as `401,403`; others become 403.",
      client_ip_header: `The header with the caller's address, ${ADDRESS_HEADER} unless told otherwise.`,
    },
    answers: { status: 200, body: "Empty" },
    handle: async (call) => ok(await answerProxy(call, termsOfQuery(call))),
  }),
  route({
    method: "GET",
    anyMethod: true,
    path: "/v1/forward-auth/envoy",
    summary:
      "The same for Envoy's `ext_authz`, in any method: `X-Jeton-Permission` and `X-Jeton-Team` say what is asked.",
    access: { kind: "anyone" },
    anyAccept: true,
    answers: { status: 200, body: "Empty" },
    handle: async (call) => ok(await answerProxy(call, termsOfHeaders(call))),
  }),
];

function termsOfQuery({ query }: Call): Terms {
  return {
    permissions: query.getAll("permission"),
    team: query.get("team"),
    statuses:
      query
        .get("statuses")
        ?.split(",")
        .map((status) => status.trim()) ?? null,
    addressHeader: query.get("client_ip_header") ?? ADDRESS_HEADER,
  };
}

/**
 * Envoy asks by its caller's method and query, which say nothing here, and passes any refusal on. Its routes
 * add their permission one by one: that of a route where it was forgotten must not be read as none.
 */
function termsOfHeaders({ request: { headers } }: Call): Terms {
  const permissions = (headers.get("X-Jeton-Permission") ?? "").split(/[\s,]+/).filter((text) => text !== "");
  return {
    permissions: permissions.length === 0 ? null : permissions,
    team: headers.get("X-Jeton-Team"),
    statuses: null,
    addressHeader: ADDRESS_HEADER,
  };
}

async function answerProxy(call: Call, terms: Terms): Promise<Answer> {
  const { deps, request, moment } = call;
  const key = request.headers.get("X-Jeton-Service-Key");
  try {
    const service = await identifyService(deps, { credential: key }, moment);
    // The proxy's key is never its caller's fault.
    if (!service.ok) return refusal(call, terms, { kind: "internal" });
    const asked = await ask(call, terms, service.value);
    if (!asked.ok) return refusal(call, terms, asked.error);
    const verdict = asked.value;
    if (verdict.refusal !== null) return refusal(call, terms, verdict.refusal, verdict);
    return {
      status: 200,
      body: {},
      headers: { ...tokenHeaders(verdict, service.value), ...limitHeaders(verdict) },
    };
  } catch (error) {
    if (!(error instanceof Unavailable) || terms.statuses === null) throw error;
    return refusal(call, terms, { kind: "unavailable", retryAfterSeconds: error.retryAfterSeconds });
  }
}

async function ask(
  { deps, request, moment }: Call,
  { permissions, team, addressHeader }: Terms,
  service: KeyedService,
): Promise<Result<Verdict, Refusal>> {
  if (team === null || team === "") {
    return err({ kind: "invalid_member", member: "team", problem: "missing" });
  }
  if (permissions === null) {
    return err({ kind: "invalid_member", member: "X-Jeton-Permission", problem: "missing" });
  }
  if (!/^[A-Za-z0-9-]+$/.test(addressHeader)) {
    return err({ kind: "invalid_member", member: "client_ip_header", problem: "invalid" });
  }
  // The query of this request is the proxy's; a token in its caller's query is the API's business.
  const credential = bearerCredential(request.headers.get("Authorization"), "", TOKEN_SCHEMES);
  if (!credential.ok) return credential;
  if (credential.value === null) return err({ kind: "no_credential" });
  const question = {
    token: credential.value,
    permissions,
    team: team === ANY_TEAM ? undefined : team,
    ip: addressIn(request, addressHeader) ?? undefined,
    cost: 1,
    proof: proofIn(request),
  };
  return askCheck(deps, service, question, moment);
}

/**
 * A token under the scheme DPoP comes with a proof for the method and URL that the proxy was called by (RFC 9449).
 * A proxy that does not tell them cannot let such a token through.
 */
function proofIn({ headers }: Request): SentProof | undefined {
  if (!isSentWithProof(headers.get("Authorization"))) return undefined;
  return {
    jwt: headers.get("X-Jeton-DPoP") ?? headers.get("DPoP") ?? "",
    method: headers.get("X-Jeton-Method") ?? "",
    url: headers.get("X-Jeton-Url") ?? "",
  };
}

/** What is no address is as good as none: a token with allowed addresses is then refused. */
function addressIn(request: Request, header: string): string | null {
  const text = request.headers.get(header)?.trim() ?? "";
  return parseAddress(text) === null ? null : text;
}

function refusal({ deps, request }: Call, { statuses }: Terms, reason: Refusal, verdict?: Verdict): Answer {
  const language = languageOf(request);
  const { status } = codeOf(reason);
  const body = errorBody(reason, language, deps.origins);
  return {
    status: isPassedOn(reason, status, statuses) ? status : 403,
    body,
    headers: {
      ...refusalHeaders(reason, language, deps.origins),
      ...(verdict === undefined ? {} : limitHeaders(verdict)),
      "X-Jeton-Status": String(status),
      // A proxy that passes on few statuses passes on no body either.
      ...(statuses === null ? {} : { "X-Jeton-Error": asciiJson(body) }),
    },
  };
}

/**
 * A proxy that turns other refusals into 500 gets one that it passes on, and the true one in `X-Jeton-Status`.
 * What its owner got wrong stays what it is: as 403 it would look like the caller's fault.
 */
function isPassedOn({ kind }: Refusal, status: number, statuses: readonly string[] | null): boolean {
  if (kind === "internal" || kind === "invalid_member" || kind === "unknown_permission") return true;
  return statuses === null || statuses.includes(String(status));
}

function tokenHeaders({ token }: Verdict, service: KeyedService): Readonly<Record<string, string>> {
  if (token === null) return {};
  const permissions = token.permissions.filter((permission) => maySee(service, permission));
  return {
    "X-Jeton-Token": token.id,
    "X-Jeton-Team": token.teamId,
    "X-Jeton-Profile": headerText(token.profileId ?? ""),
    "X-Jeton-Permissions": permissions.join(","),
  };
}

function limitHeaders({ rateLimit }: Verdict): Readonly<Record<string, string>> {
  return rateLimit === null ? {} : rateLimitHeaders(rateLimit);
}
