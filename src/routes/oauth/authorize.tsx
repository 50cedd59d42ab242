import { OAUTH_PATHS } from "../../domain/oauth-endpoints.ts";
import type { ConsentView, Decision } from "../../operations/oauth/consent-view.ts";
import {
  beginAuthorization,
  decideAuthorization,
  type Authorization,
} from "../../operations/oauth/authorize-client.ts";
import type { Pairs } from "../../operations/oauth/authorization-request.ts";
import { offerRegions } from "../../operations/oauth/offer-regions.ts";
import type { Deps } from "../../operations/deps.ts";
import { retryAfterSecondsOf } from "../../operations/unavailable.ts";
import { chosenRegion, rememberRegion, requestAt, requestIn, wasSentHere } from "../chosen-region.ts";
import { browserOf, momentOf, page, readForm, type AppContext } from "../console/page.ts";
import { readerOf } from "../console/page-language.ts";
import { refuse } from "../refusals.ts";
import { isSameOrigin, sessionCookie } from "../session-cookie.ts";
import { ConsentPage } from "./consent-page.tsx";
import type { DepsOf, OAuthApp } from "./endpoint.ts";
import { problemPage, sendBack, sendBackRefusal, sendToSignIn, signInPath } from "./person-answers.tsx";

const PATH = OAUTH_PATHS.authorization;

/**
 * The authorization endpoint (RFC 6749, section 3.1), for browsers: it is no use to scripts of other origins, so
 * none may read it (RFC 9700, section 2.1). Its form is sent to the very URL that shows it.
 */
export function serveAuthorize(app: OAuthApp, depsOf: DepsOf): void {
  servePages(app, PATH, depsOf, async (context, deps, decision) => {
    const request = context.req.raw;
    const query = [...new URL(request.url).searchParams];
    const by = { cookie: sessionCookie(request), ip: browserOf(request).ip };
    const moment = momentOf(context, deps);
    const elsewhere = decision === null ? await sendElsewhere(context, deps, query) : null;
    if (elsewhere !== null) return elsewhere;
    const outcome =
      decision === null
        ? await beginAuthorization(deps, query, by, moment)
        : await decideAuthorization(deps, query, by, decision, moment);
    if (outcome.kind === "code") deps.auditSealer.soon(outcome.teamId, moment);
    return answer(context, deps, outcome, pathOf(query));
  });
}

/** Somebody whose account is in another region goes on there with the same request, as they chose before. */
async function sendElsewhere(context: AppContext, deps: Deps, query: Pairs): Promise<Response | null> {
  const chosen = chosenRegion(context.req.raw);
  if (chosen === null || chosen === deps.region) return null;
  if (wasSentHere(deps, query)) {
    // They have chosen otherwise since.
    context.header("Set-Cookie", rememberRegion(deps, deps.region), { append: true });
    return null;
  }
  const offered = await offerRegions(deps, query);
  const search = requestAt(pathOf(query));
  if (!offered.includes(chosen) || search === null) return null;
  context.header("Cache-Control", "no-store");
  context.header("Referrer-Policy", "no-referrer");
  return context.redirect(requestIn(deps, chosen, search), 303);
}

function answer(
  context: AppContext,
  deps: Deps,
  outcome: Authorization,
  path: string,
): Response | Promise<Response> {
  switch (outcome.kind) {
    case "problem":
      return problemPage(context, deps, outcome.refusal);
    case "sign_in":
      return sendToSignIn(context, path);
    case "returned":
      return sendBackRefusal(context, deps, outcome.back, outcome.refusal);
    case "consent":
      return consentPage(context, deps, outcome.view, path);
    case "code": {
      const { code, back } = outcome;
      const { region, origins } = deps;
      return sendBack(context, deps, back, { code, location: region, "accounts-server": origins[region] });
    }
  }
}

/** @param path of ours, by which the page is shown and its decision sent */
export async function consentPage(
  context: AppContext,
  deps: Deps,
  view: ConsentView,
  path: string,
): Promise<Response> {
  const reader = await readerOf(context.req.raw, deps);
  const content = <ConsentPage view={view} action={path} signIn={signInPath(path)} reader={reader} />;
  return page(context, content, {
    status: view.problem === null ? 200 : 400,
    language: reader.language,
    path,
    // Applications send people on from their callback, to hosts that nobody knows here.
    leavesByForm: "anywhere",
  });
}

/** What has no place in a request to this endpoint, and none in links of ours, where a client sends it all the same. */
const SECRETS: ReadonlySet<string> = new Set([
  "access_token",
  "client_assertion",
  "client_secret",
  "code",
  "code_verifier",
  "refresh_token",
]);

/** This request as a path of ours. */
function pathOf(query: Pairs): string {
  const kept = query.filter(([name]) => !SECRETS.has(name)).map(([name, value]) => [name, value]);
  return `${PATH}?${new URLSearchParams(kept as [string, string][]).toString()}`;
}

/**
 * Serves a page for whoever is signed in, and its form: a decision counts only when it comes from a page of this
 * very origin.
 */
export function servePages(
  app: OAuthApp,
  path: string,
  depsOf: DepsOf,
  handle: (context: AppContext, deps: Deps, decision: Decision | null) => Promise<Response>,
): void {
  app.all(path, async (context) => {
    const deps = depsOf(context.env);
    const request = context.req.raw;
    const { method } = request;
    if (method !== "GET" && method !== "POST") {
      return refuse({ kind: "method_not_allowed", allow: ["GET", "POST"] }, request, deps.origins);
    }
    try {
      if (method === "GET") return await handle(context, deps, null);
      const form = isSameOrigin(request) ? await readForm(request) : null;
      if (form === null) return await problemPage(context, deps, { kind: "form_from_elsewhere" });
      return await handle(context, deps, readDecision(form));
    } catch (error) {
      const retryAfterSeconds = retryAfterSecondsOf(error);
      if (retryAfterSeconds === null) throw error;
      return problemPage(context, deps, { kind: "unavailable", retryAfterSeconds });
    }
  });
}

function readDecision(form: URLSearchParams): Decision {
  const decision = form.get("decision");
  return {
    decision: decision === "accept" || decision === "deny" ? decision : null,
    team: form.get("team"),
    shown: form.get("shown"),
  };
}
