import type { Context, Hono } from "hono";
import type { Env } from "../../bindings.ts";
import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import type { Result } from "../../domain/result.ts";
import type { Deps } from "../../operations/deps.ts";
import type { Moment } from "../../operations/moment.ts";
import { heldAgainstJournal } from "../../operations/records.ts";
import { foreignCredential, type Presented } from "../../operations/oauth/foreign-credential.ts";
import type { OAuthParameters, OAuthRequest } from "../../operations/oauth/request.ts";
import { retryAfterSecondsOf } from "../../operations/unavailable.ts";
import { refuse } from "../refusals.ts";
import { answerError } from "./answers.ts";
import { readOAuthRequest } from "./parameters.ts";

export type OAuthApp = Hono<{ Bindings: Env }>;
export type DepsOf = (env: Env) => Deps;

/** A request to an OAuth endpoint with what it takes to answer it. */
export interface EndpointCall {
  readonly deps: Deps;
  readonly request: Request;
  readonly oauth: OAuthRequest;
  readonly moment: Moment;
}

/**
 * Serves an endpoint that clients call by POST with parameters (RFC 6749, section 3.2), and answers every other
 * method by 405. Errors are those of RFC 6749.
 * @param presents the credentials that it expects, of which another region's are sent home at once
 */
export function servePost(
  app: OAuthApp,
  path: string,
  depsOf: DepsOf,
  handle: (call: EndpointCall) => Promise<Result<Response, OAuthRefusal>>,
  presents: (parameters: OAuthParameters) => readonly Presented[] = () => [],
): void {
  app.all(path, async (context) => {
    const deps = depsOf(context.env);
    const request = context.req.raw;
    if (request.method === "OPTIONS") return preflight(request);
    if (request.method !== "POST") {
      return refuse({ kind: "method_not_allowed", allow: ["POST"] }, request, deps.origins);
    }
    const moment = momentOf(context, deps);
    const usedBasic = /^basic\s/i.test(request.headers.get("Authorization") ?? "");
    const oauth = await readOAuthRequest(request);
    if (!oauth.ok) return answerError(oauth.error, deps.origins, usedBasic);
    const { parameters } = oauth.value;
    try {
      const elsewhere = await foreignCredential(deps, parameters, presents(parameters), moment);
      if (elsewhere !== null) return readableByAll(answerError(elsewhere, deps.origins, usedBasic));
      // What these endpoints read they read from the database itself, which may have been restored.
      await heldAgainstJournal(deps.records, moment);
      const answer = await handle({ deps, request, oauth: oauth.value, moment });
      return answer.ok ? answer.value : answerError(answer.error, deps.origins, usedBasic);
    } catch (error) {
      const retryAfterSeconds = retryAfterSecondsOf(error);
      if (retryAfterSeconds === null) throw error;
      return answerError({ kind: "unavailable", retryAfterSeconds }, deps.origins);
    }
  });
}

export function momentOf(context: Context<{ Bindings: Env }>, { clock }: Pick<Deps, "clock">): Moment {
  return { arrivedAt: clock(), background: (work) => context.executionCtx.waitUntil(work) };
}

/**
 * A browser asks before it sends a DPoP proof. Who may read the answer is decided when the client is known
 * (`readableBy`); a preflight says nothing but that the question may be asked.
 */
function preflight(request: Request): Response {
  const origin = request.headers.get("Origin");
  if (origin === null) return new Response(null, { status: 204, headers: { Allow: "POST" } });
  return new Response(null, {
    status: 204,
    headers: {
      "Access-Control-Allow-Origin": origin,
      "Access-Control-Allow-Methods": "POST",
      "Access-Control-Allow-Headers": "Content-Type, DPoP",
      "Access-Control-Max-Age": "600",
      Vary: "Origin",
    },
  });
}

/** Whose client it is is not known, and the answer holds nothing that the credential does not say itself. */
function readableByAll(response: Response): Response {
  response.headers.set("Access-Control-Allow-Origin", "*");
  return response;
}

/** Lets a script of one of the client's registered origins read the answer (contract, section 6). */
export function readableBy(response: Response, request: Request, origins: readonly string[]): Response {
  const origin = request.headers.get("Origin");
  if (origin === null || !origins.includes(origin)) return response;
  response.headers.set("Access-Control-Allow-Origin", origin);
  response.headers.append("Vary", "Origin");
  return response;
}
