const AFTER_SIGN_IN = "/console";

const MAX_LENGTH = 8192;

/** Where signing in may lead: pages for people, and none that does something by being opened. */
const ALLOWED = /^(?:\/console|\/device)(?:$|[/?])|^\/oauth\/v2\/|^\/invitations(?:$|\?)/;

/** Where a browser goes once somebody has signed in: what was asked for if it is such a page, else the console. */
export function nextPath(wanted: string | null, request: Request): string {
  const path = ownPath(wanted, request);
  return path !== null && ALLOWED.test(path) ? path : AFTER_SIGN_IN;
}

/**
 * What a link or form asks for as a path of this very origin, with its query, null: it leads elsewhere. It is
 * read as a browser reads it, so that neither `//host` nor a backslash nor dots lead away.
 */
export function ownPath(wanted: string | null, request: Request): string | null {
  if (wanted === null || wanted.length > MAX_LENGTH || !wanted.startsWith("/")) return null;
  const { origin } = new URL(request.url);
  if (!URL.canParse(wanted, origin)) return null;
  const url = new URL(wanted, origin);
  return url.origin === origin ? url.pathname + url.search : null;
}
