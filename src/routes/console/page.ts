import type { Context } from "hono";
import { createElement } from "hono/jsx";
import type { HtmlEscapedString } from "hono/utils/html";
import type { Env } from "../../bindings.ts";
import type { Language } from "../../domain/language.ts";
import type { Deps } from "../../operations/deps.ts";
import type { Moment } from "../../operations/moment.ts";
import { tenantAt } from "../hosts.ts";
import { ShownAt } from "./brand.tsx";
import { Here } from "./here.ts";
import { languageChosenBy } from "./page-language.ts";

export type AppContext = Context<{ Bindings: Env }>;

type Content = HtmlEscapedString | Promise<HtmlEscapedString>;

const MAX_FORM_BYTES = 16 * 1024;

/** No script, no frame, nothing from elsewhere; what is shown is somebody's own and kept by nobody. */
const PAGE_HEADERS = {
  "X-Frame-Options": "DENY",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-store",
} as const;

export type PageStatus =
  | 200
  | 400
  | 401
  | 403
  | 404
  | 405
  | 406
  | 409
  | 412
  | 413
  | 415
  | 421
  | 422
  | 429
  | 500
  | 503;

export interface PageOptions {
  readonly status?: PageStatus;
  /** Whether the console's own script adds to it; nothing depends on that. */
  readonly script?: boolean;
  /** In which it is written, where there is a choice. */
  readonly language?: Language;
  /**
   * Given when a form on it leads to an OpenID provider, or to an application. Browsers hold `form-action`
   * against each redirect that follows a form, and both send people on to hosts that nobody knows beforehand;
   * an application may have a scheme of its own, so there it is left out.
   */
  readonly leavesByForm?: Pick<Deps, "allowLoopback"> | "anywhere" | null;
  /**
   * Where it can be asked for again, in another language. Null where it cannot: it answers a form, or its own
   * address has something in it that the page must not repeat.
   */
  readonly path?: string | null;
}

export async function page(
  context: AppContext,
  content: Content,
  { status = 200, leavesByForm = null, script = false, language, path = null }: PageOptions = {},
): Promise<Response> {
  const here = path === null ? null : { path, chosen: languageChosenBy(context.req.raw) };
  const placed = createElement(Here.Provider, { value: here }, content);
  const html = await createElement(ShownAt.Provider, { value: tenantAt(context.env) }, placed).toString();
  const scripts = script ? "script-src 'self'; connect-src 'self'; " : "";
  const policy = `default-src 'none'; style-src 'self'; img-src 'self'; ${scripts}${formAction(leavesByForm)}base-uri 'none'; frame-ancestors 'none'`;
  const spoken =
    language === undefined ? {} : { "Content-Language": language, Vary: "Accept-Language, Cookie" };
  const headers = { ...PAGE_HEADERS, ...spoken, "Content-Security-Policy": policy };
  return context.html(`<!doctype html>${html}`, status, headers);
}

/** The directive with its semicolon; `*` is no writing for "anywhere", since it leaves out schemes of apps. */
function formAction(leaves: NonNullable<PageOptions["leavesByForm"]> | null): string {
  if (leaves === "anywhere") return "";
  return `form-action ${formTargets(leaves)}; `;
}

function formTargets(leaves: Pick<Deps, "allowLoopback"> | null): string {
  if (leaves === null) return "'self'";
  return leaves.allowLoopback ? "'self' https: http://localhost:* http://127.0.0.1:*" : "'self' https:";
}

/** A form as browsers send it; null when it is another kind of body, or too long. */
export async function readForm(request: Request): Promise<URLSearchParams | null> {
  if (!(request.headers.get("Content-Type") ?? "").startsWith("application/x-www-form-urlencoded"))
    return null;
  if (Number(request.headers.get("Content-Length") ?? MAX_FORM_BYTES + 1) > MAX_FORM_BYTES) return null;
  return new URLSearchParams(new TextDecoder().decode(await request.arrayBuffer()));
}

export function momentOf(context: AppContext, { clock }: Deps): Moment {
  return { arrivedAt: clock(), background: (work) => context.executionCtx.waitUntil(work) };
}

/** Where a request comes from, as the platform tells it. */
export function browserOf(request: Request): {
  readonly ip: string | null;
  readonly userAgent: string | null;
} {
  return { ip: request.headers.get("CF-Connecting-IP"), userAgent: request.headers.get("User-Agent") };
}
