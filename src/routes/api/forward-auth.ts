import { parseAddress } from "../../domain/address.ts";
import { bearerCredential } from "../../domain/bearer.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { codeOf } from "../../domain/refusal-codes.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { askCheck, maySee } from "../../operations/ask-check.ts";
import type { Verdict } from "../../operations/check-token.ts";
import { identifyService, type KeyedService } from "../../operations/identify-caller.ts";
import { Unavailable } from "../../operations/unavailable.ts";
import { errorBody, languageOf, refusalHeaders } from "../refusals.ts";
import { headerText, rateLimitHeaders } from "./header-text.ts";
import { route, type Answer, type Call, type Route } from "./route.ts";

/** `team=any`: the proxy says in so many words that it does not care whose token it is. */
const ANY_TEAM = "any";

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
    },
    answers: { status: 200, body: "Empty" },
    handle: async (call) => ok(await answerProxy(call)),
  }),
];

async function answerProxy(call: Call): Promise<Answer> {
  const { deps, request, moment, query } = call;
  const key = request.headers.get("X-Jeton-Service-Key");
  try {
    const service = await identifyService(deps, { credential: key }, moment);
    // The proxy's key is never its caller's fault.
    if (!service.ok) return refusal(call, { kind: "internal" });
    const asked = await ask(call, service.value);
    if (!asked.ok) return refusal(call, asked.error);
    const verdict = asked.value;
    if (verdict.refusal !== null) return refusal(call, verdict.refusal, verdict);
    return { status: 200, body: {}, headers: { ...tokenHeaders(verdict, service.value), ...limitHeaders(verdict) } };
  } catch (error) {
    if (!(error instanceof Unavailable) || query.get("statuses") === null) throw error;
    return refusal(call, { kind: "unavailable", retryAfterSeconds: error.retryAfterSeconds });
  }
}

async function ask({ deps, request, moment, query }: Call, service: KeyedService): Promise<Result<Verdict, Refusal>> {
  const team = query.get("team");
  if (team === null || team === "") return err({ kind: "invalid_member", member: "team", problem: "missing" });
  // The query of this request is the proxy's; a token in its caller's query is the API's business.
  const credential = bearerCredential(request.headers.get("Authorization"), "");
  if (!credential.ok) return credential;
  if (credential.value === null) return err({ kind: "no_credential" });
  const question = {
    token: credential.value,
    permissions: query.getAll("permission"),
    team: team === ANY_TEAM ? undefined : team,
    ip: clientAddress(request) ?? undefined,
    cost: 1,
  };
  return askCheck(deps, service, question, moment);
}

/** What is no address is as good as none: a token with allowed addresses is then refused. */
function clientAddress(request: Request): string | null {
  const text = request.headers.get("X-Jeton-Client-IP")?.trim() ?? "";
  return parseAddress(text) === null ? null : text;
}

function refusal({ deps, request, query }: Call, reason: Refusal, verdict?: Verdict): Answer {
  const language = languageOf(request);
  const { status } = codeOf(reason);
  return {
    status: passedOn(status, query.get("statuses")),
    body: errorBody(reason, language, deps.origins),
    headers: {
      ...refusalHeaders(reason, language, deps.origins),
      ...(verdict === undefined ? {} : limitHeaders(verdict)),
      "X-Jeton-Status": String(status),
    },
  };
}

/** A proxy that turns any other refusal into 500 gets one that it passes on; `X-Jeton-Status` tells the true one. */
function passedOn(status: number, statuses: string | null): number {
  if (statuses === null || status === 500) return status;
  return statuses.split(",").some((text) => text.trim() === String(status)) ? status : 403;
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
