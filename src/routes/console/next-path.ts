const AFTER_SIGN_IN = "/console";

const MAX_LENGTH = 8192;

/** Where signing in may lead: pages for people, and none that does something by being opened. */
const ALLOWED = /^(?:\/console|\/device)(?:$|\/)|^\/oauth\/v2\/|^\/invitations$/;

/**
 * Where a browser goes once somebody has signed in: what a link or form asked for, if that is a page of
 * this very origin, and the console otherwise. It is read as a browser reads it, so that neither `//host`
 * nor a backslash nor dots lead elsewhere.
 */
export function nextPath(wanted: string | null, request: Request): string {
  if (wanted === null || wanted.length > MAX_LENGTH || !wanted.startsWith("/")) return AFTER_SIGN_IN;
  const { origin } = new URL(request.url);
  if (!URL.canParse(wanted, origin)) return AFTER_SIGN_IN;
  const url = new URL(wanted, origin);
  return url.origin === origin && ALLOWED.test(url.pathname) ? url.pathname + url.search : AFTER_SIGN_IN;
}
