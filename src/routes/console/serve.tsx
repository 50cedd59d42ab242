import type { Hono } from "hono";
import type { Env } from "../../bindings.ts";
import type { Deps } from "../../operations/deps.ts";
import { offersForEmail, offersOfTeam } from "../../operations/offer-sso.ts";
import { showHome } from "../../operations/show-home.ts";
import { signIn } from "../../operations/sign-in.ts";
import { signOut } from "../../operations/sign-out.ts";
import { SSO_CALLBACK_PATH } from "../../operations/start-sso.ts";
import { clearCookie, isSameOrigin, SESSION_COOKIE, sessionCookie, setCookie } from "../session-cookie.ts";
import { answerSsoCallback, answerSsoStart } from "./answer-sso.tsx";
import { CONSOLE_SCRIPT } from "./console-script.ts";
import { HomePage } from "./home-page.tsx";
import { nextPath } from "./next-path.ts";
import { browserOf, momentOf, page, readForm, type AppContext, type PageStatus } from "./page.ts";
import { servePages } from "./serve-pages.tsx";
import { SignInPage, type SignInView } from "./sign-in-page.tsx";
import { STYLE } from "./style.ts";

type App = Hono<{ Bindings: Env }>;

/** The pages: sign-in, and what a person sees first. */
export function serveConsole(app: App, depsOf: (env: Env) => Deps): void {
  app.get("/console/style.css", ({ body }) =>
    body(STYLE, 200, { "Content-Type": "text/css;charset=UTF-8", "Cache-Control": "max-age=3600" }),
  );
  app.get("/console/console.js", ({ body }) =>
    body(CONSOLE_SCRIPT, 200, {
      "Content-Type": "text/javascript;charset=UTF-8",
      "Cache-Control": "max-age=3600",
    }),
  );
  app.get("/console", async (context) => {
    const deps = depsOf(context.env);
    const cookie = sessionCookie(context.req.raw);
    const home = cookie === null ? null : await showHome(deps, cookie, momentOf(context, deps));
    if (home === null) return context.redirect("/signin", 303);
    return page(context, <HomePage {...home} />, { leavesByForm: home.connectable.length > 0 ? deps : null });
  });
  app.get("/signin", async (context) => {
    const { team, next = null } = context.req.query();
    const deps = depsOf(context.env);
    const offers = team === undefined ? [] : await offersOfTeam(deps, team);
    return signInPage(context, deps, { offers, next: nextPath(next, context.req.raw) });
  });
  app.post("/signin", (context) => answerSignIn(context, depsOf(context.env)));
  app.post("/signin/sso", (context) => answerSsoStart(context, depsOf(context.env)));
  app.get(SSO_CALLBACK_PATH, (context) => answerSsoCallback(context, depsOf(context.env)));
  app.post("/signout", async (context) => {
    const cookie = sessionCookie(context.req.raw);
    if (cookie !== null) await signOut(depsOf(context.env), cookie);
    context.header("Set-Cookie", clearCookie(SESSION_COOKIE));
    return context.redirect("/signin", 303);
  });
  servePages(app, depsOf);
}

async function answerSignIn(context: AppContext, deps: Deps): Promise<Response> {
  const request = context.req.raw;
  const form = isSameOrigin(request) ? await readForm(request) : null;
  if (form === null) {
    return signInPage(context, deps, { problem: "That did not come from this page. Try again." }, 400);
  }
  const email = form.get("email") ?? "";
  const password = form.get("password") ?? "";
  const next = nextPath(form.get("next"), request);
  const opened = await signIn(deps, { email, password, ...browserOf(request) });
  if (!opened.ok) {
    if (opened.error.kind === "rate_limited") {
      const problem = `Too many attempts. Try again in ${opened.error.retryAfterSeconds ?? 60} s.`;
      return signInPage(context, deps, { email, next, problem }, 429);
    }
    const offers = await offersForEmail(deps, email);
    // Who has no password and typed none has done nothing wrong.
    if (password === "" && offers.length > 0) return signInPage(context, deps, { email, next, offers });
    const problem = "This e-mail address and password do not belong together.";
    return signInPage(context, deps, { email, next, offers, problem }, 401);
  }
  context.header("Set-Cookie", setCookie(SESSION_COOKIE, opened.value.secret));
  // 303: the form's password must not be sent on (RFC 9700).
  return context.redirect(next, 303);
}

function signInPage(context: AppContext, deps: Deps, view: Partial<SignInView>, status: PageStatus = 200) {
  const full = { email: "", next: nextPath(null, context.req.raw), offers: [], problem: null, ...view };
  return page(context, <SignInPage {...full} />, {
    status,
    leavesByForm: full.offers.length > 0 ? deps : null,
  });
}
