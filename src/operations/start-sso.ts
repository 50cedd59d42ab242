import { randomBase62 } from "../domain/base62.ts";
import { err, ok, type Result } from "../domain/result.ts";
import type { SsoRefusal } from "../domain/sso-refusal.ts";
import { commit } from "../store/database.ts";
import { findSsoPlace, type SsoPlace } from "../store/sso-connections.ts";
import { insertFlow } from "../store/sso-flows.ts";
import { cookieHash } from "./cookie-hash.ts";
import { hashCredential } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import { identifyUser, type SignedInUser } from "./identify-session.ts";
import type { Moment } from "./moment.ts";
import { authorizationUrl } from "./openid-provider.ts";
import { chargeAttempt } from "./sign-in-attempts.ts";
import { isHere } from "./tenant.ts";

/** As strong as a session's cookie, for it becomes one. */
const SECRET_LENGTH = 43;

/** Long enough to find one's second factor. */
export const SSO_FLOW_SECONDS = 600;

export const SSO_CALLBACK_PATH = "/signin/sso/callback";

export interface SsoStart {
  readonly connectionId: string;
  /** A path of ours. */
  readonly nextPath: string;
  /** To connect an account: the cookie of its session, or null when none was sent. Undefined: to sign in. */
  readonly linkSession?: string | null;
  readonly ip: string | null;
}

export interface StartedSso {
  /** At the provider. */
  readonly url: string;
  /** What the browser has to bring back, in a cookie. */
  readonly browserSecret: string;
}

/** Sends a browser to a team's OpenID provider, to sign in by it or to connect an account to it. */
export async function startSso(
  deps: Deps,
  start: SsoStart,
  moment: Moment,
): Promise<Result<StartedSso, SsoRefusal>> {
  const wait = await chargeAttempt(deps, null, start.ip);
  if (wait !== null) return err({ kind: "rate_limited", retryAfterSeconds: wait });
  const place = await findSsoPlace(deps.db, start.connectionId);
  const refusal = placeRefusal(deps, place);
  if (refusal !== null || place === undefined) return err(refusal ?? { kind: "unknown_connection" });
  const linker =
    start.linkSession === undefined ? null : await linkerOf(deps, start.linkSession, place, moment);
  if (linker !== null && !linker.ok) return linker;

  const state = randomBase62(SECRET_LENGTH, deps.randomBytes);
  const browserSecret = randomBase62(SECRET_LENGTH, deps.randomBytes);
  const flow = { state, browserSecret, redirectUri: redirectUriOf(deps) };
  const url = await authorizationUrl(deps, place.connection, flow);
  if (!url.ok) return url;
  const now = deps.clock();
  const row = {
    stateHash: hashCredential(state),
    browserHash: cookieHash(deps, browserSecret),
    connectionId: place.connection.id,
    nextPath: start.nextPath,
    linkUserId: linker?.value.userId ?? null,
    expiresAt: now + SSO_FLOW_SECONDS * 1000,
  };
  await commit(deps.db, insertFlow(deps.db, row, now));
  return ok({ url: url.value, browserSecret });
}

/** The one address to which providers send browsers back; it is registered with each. */
export function redirectUriOf({ origins, region }: Pick<Deps, "origins" | "region">): string {
  return origins[region] + SSO_CALLBACK_PATH;
}

/** Why nobody signs in by a connection, as it is now; null: they may. */
export function placeRefusal(deps: Pick<Deps, "tenant">, place: SsoPlace | undefined): SsoRefusal | null {
  if (place === undefined || !isHere(deps, place.team.id)) return { kind: "unknown_connection" };
  if (place.team.status === "suspended") return { kind: "team_suspended" };
  return place.team.signInMethods.includes("sso") ? null : { kind: "sso_not_allowed" };
}

/**
 * Who connects their account. Not somebody whom single sign-on let in: a provider would then decide by
 * itself to whom an account belongs.
 */
export async function linkerOf(
  deps: Deps,
  cookie: string | null,
  { team }: SsoPlace,
  moment: Moment,
): Promise<Result<SignedInUser, SsoRefusal>> {
  const user = cookie === null ? null : await identifyUser(deps, cookie, team, moment);
  return user === null || user.method === "sso" ? err({ kind: "sign_in_first" }) : ok(user);
}
