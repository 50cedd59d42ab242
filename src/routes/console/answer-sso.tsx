import type { SsoRefusal } from "../../domain/sso-refusal.ts";
import type { Deps } from "../../operations/deps.ts";
import { finishSso } from "../../operations/finish-sso.ts";
import { SSO_FLOW_SECONDS, startSso } from "../../operations/start-sso.ts";
import {
  clearCookie,
  cookieOf,
  isSameOrigin,
  SESSION_COOKIE,
  sessionCookie,
  setCookie,
  SSO_COOKIE,
} from "../session-cookie.ts";
import { nextPath } from "./next-path.ts";
import { browserOf, momentOf, page, readForm, type AppContext } from "./page.ts";
import { readerOf } from "./page-language.ts";
import { SsoProblemPage, statusOf } from "./sso-problem-page.tsx";

/** The way to a team's OpenID provider, to sign in there or to connect an account. */
export async function answerSsoStart(context: AppContext, deps: Deps): Promise<Response> {
  const request = context.req.raw;
  const form = isSameOrigin(request) ? await readForm(request) : null;
  if (form === null) return problem(context, deps, { kind: "stale_flow" });
  const start = {
    connectionId: form.get("connection") ?? "",
    nextPath: nextPath(form.get("next"), request),
    ...(form.get("link") === "1" ? { linkSession: sessionCookie(request) } : {}),
    ip: browserOf(request).ip,
  };
  const started = await startSso(deps, start, momentOf(context, deps));
  if (!started.ok) return problem(context, deps, started.error);
  const { url, browserSecret } = started.value;
  context.header("Set-Cookie", setCookie(SSO_COOKIE, browserSecret, SSO_FLOW_SECONDS));
  context.header("Cache-Control", "no-store");
  context.header("Referrer-Policy", "no-referrer");
  // 303: the provider gets a GET, and none of the form.
  return context.redirect(url, 303);
}

/** The way back from it. */
export async function answerSsoCallback(context: AppContext, deps: Deps): Promise<Response> {
  const request = context.req.raw;
  const moment = momentOf(context, deps);
  const returned = {
    callback: new URL(request.url).searchParams,
    browserSecret: cookieOf(request, SSO_COOKIE),
    session: sessionCookie(request),
    ...browserOf(request),
  };
  const finished = await finishSso(deps, returned, moment);
  if (!finished.ok) return problem(context, deps, finished.error);
  const { opened, nextPath: next, teamId } = finished.value;
  deps.auditSealer.soon(teamId, moment);
  context.header("Set-Cookie", clearCookie(SSO_COOKIE));
  if (opened !== null) {
    context.header("Set-Cookie", setCookie(SESSION_COOKIE, opened.secret), { append: true });
  }
  context.header("Cache-Control", "no-store");
  context.header("Referrer-Policy", "no-referrer");
  return context.redirect(next, 303);
}

async function problem(context: AppContext, deps: Deps, refusal: SsoRefusal): Promise<Response> {
  if (refusal.kind === "rate_limited") context.header("Retry-After", String(refusal.retryAfterSeconds));
  const reader = await readerOf(context.req.raw, deps);
  const content = <SsoProblemPage refusal={refusal} {...reader} />;
  return page(context, content, { status: statusOf(refusal), language: reader.language });
}
