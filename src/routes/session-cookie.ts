/** Host-bound and sent over TLS alone: no subdomain and no plain connection can set or see it. */
export const SESSION_COOKIE = "__Host-jeton_session";

/** Of a sign-in at an OpenID provider, while it lasts: it comes back only to the browser that has this. */
export const SSO_COOKIE = "__Host-jeton_sso";

/** Of an invitation, while its person signs in: its secret stands in no other address than its link. */
export const INVITATION_COOKIE = "__Host-jeton_invitation";

/** Of a sign-in that is half done, or a passkey that is being added: no session. */
export const STEP_COOKIE = "__Host-jeton_step";

/** In which language a person reads the console, where they chose one. */
export const LANGUAGE_COOKIE = "__Host-jeton_language";

/** `Lax`, not `Strict`: a provider's redirect back comes from another site. */
const COOKIE_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax";

/** @param maxAgeSeconds null: as long as the browser runs */
export function setCookie(name: string, value: string, maxAgeSeconds: number | null = null): string {
  const age = maxAgeSeconds === null ? "" : `Max-Age=${maxAgeSeconds}; `;
  return `${name}=${value}; ${age}${COOKIE_ATTRIBUTES}`;
}

export function clearCookie(name: string): string {
  return setCookie(name, "", 0);
}

const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/**
 * The session that a request may act by. A browser sends its cookie along whoever caused the request, so
 * one that changes something counts only when the browser says that it comes from this very origin.
 */
export function sessionCookie(request: Request): string | null {
  const value = cookieOf(request, SESSION_COOKIE);
  if (value === null || SAFE_METHODS.has(request.method)) return value;
  return isSameOrigin(request) ? value : null;
}

/** A cookie's value, whoever caused the request; null when there is none. */
export function cookieOf(request: Request, wanted: string): string | null {
  for (const pair of (request.headers.get("Cookie") ?? "").split(";")) {
    const [name, value = ""] = pair.trim().split("=", 2);
    if (name === wanted && value !== "") return value;
  }
  return null;
}

/** Whether the browser says that a request comes from a page of this very origin. */
export function isSameOrigin(request: Request): boolean {
  const site = request.headers.get("Sec-Fetch-Site");
  if (site !== null) return site === "same-origin";
  return request.headers.get("Origin") === new URL(request.url).origin;
}
