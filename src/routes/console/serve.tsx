import type { Hono } from "hono";
import type { Env } from "../../bindings.ts";
import type { Deps } from "../../operations/deps.ts";
import { showHome } from "../../operations/show-home.ts";
import { signOut } from "../../operations/sign-out.ts";
import { SSO_CALLBACK_PATH } from "../../operations/start-sso.ts";
import { tenantAt } from "../hosts.ts";
import { clearCookie, SESSION_COOKIE, sessionCookie } from "../session-cookie.ts";
import { answerSsoCallback, answerSsoStart } from "./answer-sso.tsx";
import { answerLanguage } from "./answer-language.tsx";
import { answerAcceptance, answerInvitation, answerInvitationReturn } from "./answer-invitation.tsx";
import { BRAND_STYLE_PATH, brandStyle } from "./brand.tsx";
import { serveFiles } from "./files.ts";
import { HomePage } from "./home-page.tsx";
import { browserOf, momentOf, page } from "./page.ts";
import { readerOf } from "./page-language.ts";
import { serveMissingPages, servePages } from "./serve-pages.tsx";
import { serveSignIn } from "./serve-sign-in.tsx";

type App = Hono<{ Bindings: Env }>;

/** The pages: sign-in, and what a person sees first. */
export function serveConsole(app: App, depsOf: (env: Env) => Deps): void {
  serveFiles(app, depsOf);
  app.get(BRAND_STYLE_PATH, ({ body, env }) =>
    body(brandStyle(tenantAt(env)), 200, {
      "Content-Type": "text/css;charset=UTF-8",
      // Whoever changes it wants to see it.
      "Cache-Control": "no-cache",
    }),
  );
  app.get("/console", async (context) => {
    const deps = depsOf(context.env);
    const cookie = sessionCookie(context.req.raw);
    const home = cookie === null ? null : await showHome(deps, cookie, momentOf(context, deps));
    if (home === null) return context.redirect("/signin", 303);
    const reader = await readerOf(context.req.raw, deps);
    return page(context, <HomePage home={home} {...reader} />, {
      leavesByForm: home.connectable.length > 0 ? deps : null,
      script: true,
      language: reader.language,
      path: "/console",
    });
  });
  app.post("/language", (context) => answerLanguage(context, depsOf(context.env)));
  app.post("/signin/sso", (context) => answerSsoStart(context, depsOf(context.env)));
  app.get(SSO_CALLBACK_PATH, (context) => answerSsoCallback(context, depsOf(context.env)));
  app.post("/signout", async (context) => {
    const cookie = sessionCookie(context.req.raw);
    if (cookie !== null) await signOut(depsOf(context.env), cookie, browserOf(context.req.raw).ip);
    context.header("Set-Cookie", clearCookie(SESSION_COOKIE));
    return context.redirect("/signin", 303);
  });
  app.get("/invitations", (context) => answerInvitationReturn(context));
  app.get("/invitations/:secret", (context) => answerInvitation(context, depsOf(context.env)));
  app.post("/invitations/:secret", (context) => answerAcceptance(context, depsOf(context.env)));
  serveSignIn(app, depsOf);
  servePages(app, depsOf);
  serveMissingPages(app, depsOf);
}
