import type { Hono } from "hono";
import type { Env } from "../../bindings.ts";
import type { AccountRefusal } from "../../domain/account-refusal.ts";
import type { Language } from "../../domain/language.ts";
import { relyingPartyOf } from "../../operations/account/relying-party.ts";
import { resetPassword, showResetLink } from "../../operations/account/reset-password.ts";
import { isCodeMissing, signInByCode } from "../../operations/account/sign-in-by-code.ts";
import { beginPasskeySignIn, signInByPasskey } from "../../operations/account/sign-in-by-passkey.ts";
import { STEP_SECONDS } from "../../operations/account/sign-in-step.ts";
import type { Deps } from "../../operations/deps.ts";
import { offerRegions } from "../../operations/oauth/offer-regions.ts";
import { offersForEmail, offersOfTeam } from "../../operations/offer-sso.ts";
import type { OpenedSession } from "../../operations/open-session.ts";
import { signIn } from "../../operations/sign-in.ts";
import {
  clearCookie,
  cookieOf,
  isSameOrigin,
  SESSION_COOKIE,
  setCookie,
  STEP_COOKIE,
} from "../session-cookie.ts";
import { accountProblem, accountStatus } from "./account-problem.ts";
import { requestAt, rememberRegion, requestIn } from "../chosen-region.ts";
import { nextPath } from "./next-path.ts";
import { browserOf, momentOf, page, readForm, type AppContext, type PageStatus } from "./page.ts";
import { readerOf } from "./page-language.ts";
import { formatNumber, regionName } from "./format.ts";
import { readCredential } from "./passkey-form.tsx";
import {
  CodePage,
  PasskeyPage,
  ResetGonePage,
  ResetPage,
  SignInPage,
  type SignInView,
} from "./sign-in-page.tsx";
import type { Words } from "./words/index.ts";
import { fill } from "./words/fill.ts";

type DepsOf = (env: Env) => Deps;

/** The ways in, by password, code and passkey, and the one back in for whoever has lost a password. */
export function serveSignIn(app: Hono<{ Bindings: Env }>, depsOf: DepsOf): void {
  app.get("/signin", async (context) => {
    const { team, next = null, reset } = context.req.query();
    const there = await visitOf(context, depsOf);
    const slug = team ?? there.deps.tenant?.teamSlug;
    const offers = slug === undefined ? [] : await offersOfTeam(there.deps, slug);
    const done = reset === undefined ? null : there.words.signin.wasReset;
    const wanted = nextPath(next, context.req.raw);
    const again = new URLSearchParams({ ...(team === undefined ? {} : { team }), next: wanted });
    return signInPage(there, { offers, next: wanted, done }, 200, `/signin?${again.toString()}`);
  });
  app.post("/signin/region", async (context) => answerRegion(await visitOf(context, depsOf)));
  app.post("/signin", async (context) => answerPassword(await visitOf(context, depsOf)));
  app.get("/signin/code", async (context) => showCode(await visitOf(context, depsOf)));
  app.post("/signin/code", async (context) => answerCode(await visitOf(context, depsOf)));
  app.post("/signin/passkey", async (context) => askForPasskey(await visitOf(context, depsOf)));
  app.post("/signin/passkey/answer", async (context) => answerPasskey(await visitOf(context, depsOf)));
  app.get("/reset/:secret", async (context) => showReset(await visitOf(context, depsOf)));
  app.post("/reset/:secret", async (context) => answerReset(await visitOf(context, depsOf)));
}

/** Somebody who is not signed in, at one of these pages. */
interface Arrival {
  readonly context: AppContext;
  readonly deps: Deps;
  readonly language: Language;
  readonly words: Words;
}

async function visitOf(context: AppContext, depsOf: DepsOf): Promise<Arrival> {
  const deps = depsOf(context.env);
  return { context, deps, ...(await readerOf(context.req.raw, deps)) };
}

/** Goes on in the region that somebody chose, if it is one that this request can go on in. */
async function answerRegion(arrival: Arrival): Promise<Response> {
  const { context, deps, words } = arrival;
  const request = context.req.raw;
  const form = await ownForm(request);
  if (form === null) return signInPage(arrival, { problem: words.frame.notYourOwn }, 400);
  const next = nextPath(form.get("next"), request);
  const search = requestAt(next);
  const offered = search === null ? [] : await offerRegions(deps, [...search]);
  const chosen = offered.find((region) => region === form.get("region"));
  if (chosen === undefined || search === null) return signInPage(arrival, { next }, 400);
  context.header("Set-Cookie", rememberRegion(deps, chosen));
  context.header("Cache-Control", "no-store");
  context.header("Referrer-Policy", "no-referrer");
  return context.redirect(requestIn(deps, chosen, search), 303);
}

async function answerPassword(arrival: Arrival): Promise<Response> {
  const { context, deps, language, words } = arrival;
  const request = context.req.raw;
  const form = await ownForm(request);
  if (form === null) return signInPage(arrival, { problem: words.frame.notYourOwn }, 400);
  const email = form.get("email") ?? "";
  const password = form.get("password") ?? "";
  const next = nextPath(form.get("next"), request);
  const attempt = { email, password, ...browserOf(request) };
  const signedIn = await signIn(deps, attempt, momentOf(context, deps));
  if (!signedIn.ok) {
    if (signedIn.error.kind === "rate_limited") {
      const seconds = formatNumber(signedIn.error.retryAfterSeconds ?? 60, language);
      return signInPage(arrival, { email, next, problem: fill(words.signin.tooMany, { seconds }) }, 429);
    }
    const offers = await offersForEmail(deps, email);
    // Who has no password and typed none has done nothing wrong.
    if (password === "" && offers.length > 0) return signInPage(arrival, { email, next, offers });
    return signInPage(arrival, { email, next, offers, problem: words.signin.wrong }, 401);
  }
  const { opened, step } = signedIn.value;
  if (opened !== null) return letIn(context, opened, next);
  context.header("Set-Cookie", setCookie(STEP_COOKIE, step, STEP_SECONDS));
  return context.redirect(`/signin/code?next=${encodeURIComponent(next)}`, 303);
}

async function showCode({ context, deps, ...reader }: Arrival): Promise<Response> {
  const request = context.req.raw;
  const next = nextPath(context.req.query("next") ?? null, request);
  const secret = cookieOf(request, STEP_COOKIE);
  if (secret === null || !(await isCodeMissing(deps, secret, momentOf(context, deps)))) {
    return context.redirect(`/signin?next=${encodeURIComponent(next)}`, 303);
  }
  return page(context, <CodePage {...reader} next={next} problem={null} />, {
    ...reader,
    path: `/signin/code?next=${encodeURIComponent(next)}`,
    leavesByForm: leaving(next),
  });
}

async function answerCode(arrival: Arrival): Promise<Response> {
  const { context, deps, ...reader } = arrival;
  const request = context.req.raw;
  const form = await ownForm(request);
  if (form === null) return signInPage(arrival, { problem: reader.words.frame.notYourOwn }, 400);
  const next = nextPath(form.get("next"), request);
  const shown = {
    secret: cookieOf(request, STEP_COOKIE),
    code: form.get("code") ?? "",
    ...browserOf(request),
  };
  const opened = await signInByCode(deps, shown, momentOf(context, deps));
  if (opened.ok) return letIn(context, opened.value, next);
  if (opened.error.kind === "stale_step") return startAgain(arrival, opened.error, next);
  const problem = problemOf(arrival, opened.error);
  const status = accountStatus(opened.error);
  return page(context, <CodePage {...reader} next={next} problem={problem} />, {
    ...reader,
    status,
    leavesByForm: leaving(next),
  });
}

async function askForPasskey(arrival: Arrival): Promise<Response> {
  const { context, deps, ...reader } = arrival;
  const request = context.req.raw;
  const form = await ownForm(request);
  if (form === null) return signInPage(arrival, { problem: reader.words.frame.notYourOwn }, 400);
  const next = nextPath(form.get("next"), request);
  const begun = await beginPasskeySignIn(deps, browserOf(request).ip);
  if (!begun.ok) return startAgain(arrival, begun.error, next);
  const { secret, options } = begun.value;
  context.header("Set-Cookie", setCookie(STEP_COOKIE, secret, STEP_SECONDS));
  return page(context, <PasskeyPage {...reader} next={next} options={options} />, {
    ...reader,
    script: true,
    leavesByForm: leaving(next),
  });
}

async function answerPasskey(arrival: Arrival): Promise<Response> {
  const { context, deps, words } = arrival;
  const request = context.req.raw;
  const form = await ownForm(request);
  if (form === null) return signInPage(arrival, { problem: words.frame.notYourOwn }, 400);
  const next = nextPath(form.get("next"), request);
  const shown = {
    secret: cookieOf(request, STEP_COOKIE),
    response: readCredential(form),
    ...browserOf(request),
  };
  const opened = await signInByPasskey(deps, shown, momentOf(context, deps));
  return opened.ok ? letIn(context, opened.value, next) : startAgain(arrival, opened.error, next);
}

async function showReset({ context, deps, ...reader }: Arrival): Promise<Response> {
  const link = await showResetLink(deps, context.req.param("secret") ?? "", momentOf(context, deps));
  if (link === null) return page(context, <ResetGonePage {...reader} />, { ...reader, status: 404 });
  return page(context, <ResetPage {...reader} email={link.email} problem={null} />, reader);
}

async function answerReset(arrival: Arrival): Promise<Response> {
  const { context, deps, ...reader } = arrival;
  const request = context.req.raw;
  const form = await ownForm(request);
  const secret = context.req.param("secret") ?? "";
  const moment = momentOf(context, deps);
  const wanted = form?.get("password") ?? "";
  const reset = form && (await resetPassword(deps, { secret, wanted, ip: browserOf(request).ip }, moment));
  if (reset?.ok) {
    context.header("Set-Cookie", clearCookie(SESSION_COOKIE));
    return context.redirect("/signin?reset", 303);
  }
  const link = await showResetLink(deps, secret, moment);
  if (link === null) return page(context, <ResetGonePage {...reader} />, { ...reader, status: 404 });
  const problem = reset === null ? reader.words.frame.notYourOwn : problemOf(arrival, reset.error);
  const status = reset === null ? 400 : accountStatus(reset.error);
  return page(context, <ResetPage {...reader} email={link.email} problem={problem} />, { ...reader, status });
}

/** A form of this very origin, else null. */
async function ownForm(request: Request): Promise<URLSearchParams | null> {
  return isSameOrigin(request) ? readForm(request) : null;
}

function letIn(context: AppContext, { secret }: OpenedSession, next: string): Response {
  context.header("Set-Cookie", setCookie(SESSION_COOKIE, secret));
  if (cookieOf(context.req.raw, STEP_COOKIE) !== null) {
    context.header("Set-Cookie", clearCookie(STEP_COOKIE), { append: true });
  }
  // 303: nothing of the form must be sent on (RFC 9700).
  return context.redirect(next, 303);
}

function startAgain(arrival: Arrival, refusal: AccountRefusal, next: string): Promise<Response> {
  return signInPage(arrival, { next, problem: problemOf(arrival, refusal) }, accountStatus(refusal));
}

function problemOf({ words, language }: Arrival, refusal: AccountRefusal): string {
  return accountProblem(refusal, words, language);
}

async function signInPage(
  { context, deps, words, language }: Arrival,
  view: Partial<SignInView>,
  status: PageStatus = 200,
  path: string | null = null,
): Promise<Response> {
  const search = requestAt(view.next ?? "");
  const regions = search === null ? [] : await offerRegions(deps, [...search]);
  const full = {
    regions: regions.map((code) => ({
      code,
      name: regionName(code, language),
      isHere: code === deps.region,
    })),
    email: "",
    next: nextPath(null, context.req.raw),
    offers: [],
    passkeyHost: relyingPartyOf(deps).id,
    problem: null,
    done: null,
    ...view,
  };
  return page(context, <SignInPage view={full} words={words} language={language} />, {
    status,
    script: true,
    language,
    path,
    leavesByForm: leaving(full.next) ?? (full.offers.length > 0 ? deps : null),
  });
}

/**
 * Browsers hold `form-action` against each redirect that follows a form. Who signs in on the way to an
 * application, and has allowed it before, is sent on to it at once, wherever it is.
 */
function leaving(next: string): "anywhere" | null {
  return next.startsWith("/oauth/") ? "anywhere" : null;
}
