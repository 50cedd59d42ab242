/** Host-bound and sent over TLS alone: no subdomain and no plain connection can set or see it. */
export const SESSION_COOKIE = "__Host-jeton_session";

const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/**
 * The session that a request may act by. A browser sends its cookie along whoever caused the request, so
 * one that changes something counts only when the browser says that it comes from this very origin.
 */
export function sessionCookie(request: Request): string | null {
  const value = cookieOf(request);
  if (value === null || SAFE_METHODS.has(request.method)) return value;
  return isSameOrigin(request) ? value : null;
}

function cookieOf(request: Request): string | null {
  for (const pair of (request.headers.get("Cookie") ?? "").split(";")) {
    const [name, value = ""] = pair.trim().split("=", 2);
    if (name === SESSION_COOKIE && value !== "") return value;
  }
  return null;
}

/** Whether the browser says that a request comes from a page of this very origin. */
export function isSameOrigin(request: Request): boolean {
  const site = request.headers.get("Sec-Fetch-Site");
  if (site !== null) return site === "same-origin";
  return request.headers.get("Origin") === new URL(request.url).origin;
}
