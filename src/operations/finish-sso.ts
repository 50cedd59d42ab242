import { err, ok, type Result } from "../domain/result.ts";
import type { SsoRefusal } from "../domain/sso-refusal.ts";
import { findSsoPlace } from "../store/sso-connections.ts";
import { takeFlow, type SsoFlowRow } from "../store/sso-flows.ts";
import { admitBySso } from "./admit-by-sso.ts";
import { cookieHash } from "./cookie-hash.ts";
import { hashCredential, makeId } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import { linkSsoIdentity } from "./link-sso-identity.ts";
import type { Moment } from "./moment.ts";
import type { Browser, OpenedSession } from "./open-session.ts";
import { redeemCode } from "./openid-provider.ts";
import { heldAgainstJournal } from "./records.ts";
import { chargeAttempt } from "./sign-in-attempts.ts";
import { placeRefusal, redirectUriOf } from "./start-sso.ts";

export interface SsoReturn extends Browser {
  /** The query with which the provider sent the browser back. */
  readonly callback: URLSearchParams;
  /** What the browser kept, null when it brings nothing. */
  readonly browserSecret: string | null;
  /** The console session's cookie, null when none was sent. */
  readonly session: string | null;
}

export interface FinishedSso {
  /** Null: an account was connected, and its session goes on. */
  readonly opened: OpenedSession | null;
  readonly nextPath: string;
  /** Whose audit trail has grown. */
  readonly teamId: string;
}

/**
 * Ends what `startSso` began, once, and for the browser that began it: else a link could sign somebody in
 * to another's account without their noticing. A refusal by then is an audit event of the team.
 */
export async function finishSso(
  deps: Deps,
  request: SsoReturn,
  moment: Moment,
): Promise<Result<FinishedSso, SsoRefusal>> {
  const wait = await chargeAttempt(deps, null, request.ip);
  if (wait !== null) return err({ kind: "rate_limited", retryAfterSeconds: wait });
  await heldAgainstJournal(deps.records, moment);
  const state = request.callback.get("state");
  const { browserSecret } = request;
  if (state === null || browserSecret === null) return err({ kind: "stale_flow" });
  const flow = await takeFlow(deps.db, {
    stateHash: hashCredential(state),
    browserHash: cookieHash(deps, browserSecret),
    now: moment.arrivedAt,
  });
  if (flow === undefined) return err({ kind: "stale_flow" });
  const place = await findSsoPlace(deps.db, flow.connectionId);
  if (place === undefined) return err({ kind: "unknown_connection" });
  const finished = await finish(deps, { request, flow, state, browserSecret }, moment);
  if (!finished.ok) await auditRefusal(deps, place.connection, finished.error, request.ip);
  return finished;
}

async function finish(
  deps: Deps,
  {
    request,
    flow,
    state,
    browserSecret,
  }: { request: SsoReturn; flow: SsoFlowRow; state: string; browserSecret: string },
  moment: Moment,
): Promise<Result<FinishedSso, SsoRefusal>> {
  const place = await findSsoPlace(deps.db, flow.connectionId);
  const refusal = placeRefusal(deps, place);
  if (refusal !== null || place === undefined) return err(refusal ?? { kind: "unknown_connection" });
  const { connection } = place;
  const provider = { ...connection, clientSecret: deps.vault.open(connection.clientSecret, connection.id) };
  const redirectUri = redirectUriOf(deps);
  const { callback } = request;
  const identity = await redeemCode(deps, provider, { callback, state, browserSecret, redirectUri });
  if (!identity.ok) return identity;
  const vouched = { connectionId: connection.id, issuer: connection.issuer, ...identity.value };
  const done = { nextPath: flow.nextPath, teamId: connection.teamId };
  if (flow.linkUserId !== null) {
    const link = { userId: flow.linkUserId, session: request.session, ip: request.ip };
    const linked = await linkSsoIdentity(deps, vouched, link, moment);
    return linked.ok ? ok({ ...done, opened: null }) : linked;
  }
  const admitted = await admitBySso(deps, vouched, request, moment);
  return admitted.ok ? ok({ ...done, opened: admitted.value }) : admitted;
}

/** Administrators find here why somebody could not sign in: the page tells them no more than they need. */
async function auditRefusal(
  deps: Deps,
  { id, teamId }: { id: string; teamId: string },
  refusal: SsoRefusal,
  ip: string | null,
): Promise<void> {
  const detail = refusal.kind === "provider_failed" ? { cause: refusal.detail } : {};
  await deps.auditQueue.append({
    id: makeId(deps, "aud"),
    teamId,
    at: deps.clock(),
    type: "sso.refused",
    actor: id,
    actorOwner: id,
    subject: id,
    ip,
    detail: { reason: refusal.kind, ...detail },
  });
}
