import type { Context, Hono } from "hono";
import type { HtmlEscapedString } from "hono/utils/html";
import type { Env } from "../../bindings.ts";
import type { Deps } from "../../operations/deps.ts";
import type { Moment } from "../../operations/moment.ts";
import { showHome } from "../../operations/show-home.ts";
import { signIn } from "../../operations/sign-in.ts";
import { signOut } from "../../operations/sign-out.ts";
import { isSameOrigin, SESSION_COOKIE, sessionCookie } from "../session-cookie.ts";
import { HomePage } from "./home-page.tsx";
import { SignInPage } from "./sign-in-page.tsx";
import { STYLE } from "./style.ts";

type App = Hono<{ Bindings: Env }>;
type Content = HtmlEscapedString | Promise<HtmlEscapedString>;
type AppContext = Context<{ Bindings: Env }>;

const MAX_FORM_BYTES = 16 * 1024;

/** No script, no frame, nothing from elsewhere; what is shown is somebody's own and kept by nobody. */
const PAGE_HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "X-Frame-Options": "DENY",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-store",
} as const;

/** The pages: sign-in, and what a person sees first. */
export function serveConsole(app: App, depsOf: (env: Env) => Deps): void {
  app.get("/console/style.css", ({ body }) =>
    body(STYLE, 200, { "Content-Type": "text/css;charset=UTF-8", "Cache-Control": "max-age=3600" }),
  );
  app.get("/console", async (context) => {
    const cookie = sessionCookie(context.req.raw);
    const home =
      cookie === null ? null : await showHome(depsOf(context.env), cookie, momentOf(context, depsOf));
    if (home === null) return context.redirect("/signin", 303);
    return page(context, <HomePage {...home} />);
  });
  app.get("/signin", (context) => page(context, <SignInPage email="" problem={null} />));
  app.post("/signin", (context) => answerSignIn(context, depsOf(context.env)));
  app.post("/signout", async (context) => {
    const cookie = sessionCookie(context.req.raw);
    if (cookie !== null) await signOut(depsOf(context.env), cookie);
    context.header("Set-Cookie", `${SESSION_COOKIE}=; Max-Age=0; ${COOKIE_ATTRIBUTES}`);
    return context.redirect("/signin", 303);
  });
}

const COOKIE_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax";

async function answerSignIn(context: AppContext, deps: Deps): Promise<Response> {
  const request = context.req.raw;
  const form = isSameOrigin(request) ? await readForm(request) : null;
  if (form === null) {
    return page(context, <SignInPage email="" problem="That did not come from this page. Try again." />, 400);
  }
  const email = form.get("email") ?? "";
  const attempt = {
    email,
    password: form.get("password") ?? "",
    ip: request.headers.get("CF-Connecting-IP"),
    userAgent: request.headers.get("User-Agent"),
  };
  const opened = await signIn(deps, attempt);
  if (!opened.ok) {
    const waiting = opened.error.kind === "rate_limited";
    const problem = waiting
      ? `Too many attempts. Try again in ${opened.error.retryAfterSeconds ?? 60} s.`
      : "This e-mail address and password do not belong together.";
    return page(context, <SignInPage email={email} problem={problem} />, waiting ? 429 : 401);
  }
  context.header("Set-Cookie", `${SESSION_COOKIE}=${opened.value.secret}; ${COOKIE_ATTRIBUTES}`);
  // 303: the form's password must not be sent on (RFC 9700).
  return context.redirect("/console", 303);
}

async function readForm(request: Request): Promise<URLSearchParams | null> {
  if (!(request.headers.get("Content-Type") ?? "").startsWith("application/x-www-form-urlencoded"))
    return null;
  if (Number(request.headers.get("Content-Length") ?? MAX_FORM_BYTES + 1) > MAX_FORM_BYTES) return null;
  return new URLSearchParams(new TextDecoder().decode(await request.arrayBuffer()));
}

async function page(context: AppContext, content: Content, status: 200 | 400 | 401 | 429 = 200) {
  const html = await content;
  return context.html(`<!doctype html>${html.toString()}`, status, PAGE_HEADERS);
}

function momentOf(context: AppContext, depsOf: (env: Env) => Deps): Moment {
  return {
    arrivedAt: depsOf(context.env).clock(),
    background: (work) => context.executionCtx.waitUntil(work),
  };
}
