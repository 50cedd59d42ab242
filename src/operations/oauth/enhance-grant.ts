import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { missingPermissions } from "../../domain/permission.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { readScope } from "../../domain/scope.ts";
import { recordChange, type AuditRow } from "../../store/changes.ts";
import { refuseChangedClient } from "../../store/clients.ts";
import { refuseSessionEnded, rememberConsent } from "../../store/consents.ts";
import { commitIfHolds } from "../../store/database.ts";
import { findEnhanceToken, useEnhanceToken, widenGrant } from "../../store/enhance-tokens.ts";
import { findGrantNow, refuseEnded, type GrantNow } from "../../store/grants.ts";
import { refuseNoMember } from "../../store/members.ts";
import { auditRowOf } from "../change.ts";
import { cookieHash } from "../cookie-hash.ts";
import type { Deps } from "../deps.ts";
import type { Moment } from "../moment.ts";
import { knownPermissions } from "../records.ts";
import { Unavailable } from "../unavailable.ts";
import type { AtBrowser } from "./at-browser.ts";
import type { Pairs, ReturnPath } from "./authorization-request.ts";
import {
  acceptedTeam,
  consentView,
  type Asked,
  type ConsentProblem,
  type ConsentView,
  type Decision,
} from "./consent-view.ts";
import {
  findEnhancement,
  keepEnhancement,
  type EnhancementRequest,
  type RefusedEnhancement,
} from "./enhancement-request.ts";
import { grantStanding } from "./grant-standing.ts";
import { listPlaces, type Consenter } from "./list-places.ts";
import { isIdle, nothingOffered, weighPlaces, type TeamChoice } from "./weigh-places.ts";

/** What comes of a client's request for more. */
export type Enhancement =
  /** A page; nobody is sent anywhere. */
  | { readonly kind: "problem"; readonly refusal: OAuthRefusal }
  | { readonly kind: "sign_in"; readonly handle: string }
  /** The grant is somebody else's, or its team is out of this session's reach. */
  | { readonly kind: "other_account"; readonly handle: string; readonly back: ReturnPath }
  | {
      readonly kind: "returned";
      readonly back: ReturnPath;
      readonly refusal: OAuthRefusal;
      readonly logout: boolean;
    }
  | { readonly kind: "consent"; readonly view: ConsentView; readonly handle: string }
  | {
      readonly kind: "enhanced";
      readonly back: ReturnPath;
      readonly teamId: string;
      readonly logout: boolean;
    };

/** A lost race is looked at again. */
const MAX_ATTEMPTS = 3;

/** Asks the user of a grant for what a client wants to be able to do in addition; only for that. */
export async function beginEnhancement(
  deps: Deps,
  query: Pairs,
  { cookie }: AtBrowser,
  moment: Moment,
): Promise<Enhancement> {
  // A link of ours has a handle, a client's the enhance token.
  const isOurs = !query.some(([name]) => name === "enhance_token");
  const handle = query.find(([name]) => name === "handle")?.[1];
  const request =
    isOurs && handle !== undefined ? await findEnhancement(deps, handle) : await keepEnhancement(deps, query);
  const open = await consider(deps, request, cookie, moment);
  return open.ok ? ask(deps, open.value, null, moment) : open.error;
}

/** The same once that user has decided; looked at anew, as an authorization is. */
export async function decideEnhancement(
  deps: Deps,
  handle: string,
  by: AtBrowser,
  decision: Decision,
  moment: Moment,
): Promise<Enhancement> {
  for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts += 1) {
    const open = await consider(deps, await findEnhancement(deps, handle), by.cookie, moment);
    if (!open.ok) return open.error;
    const { request, grant, person, choices } = open.value;
    const { back, logout } = request;
    if (decision.decision === "deny") {
      if (!(await deny(deps, open.value, by))) continue;
      return { kind: "returned", back, refusal: { kind: "access_denied" }, logout };
    }
    const accepted = acceptedTeam(askedOf(open.value), person, choices, { ...decision, team: grant.teamId });
    if ("problem" in accepted) return ask(deps, open.value, accepted.problem, moment);
    if (await accept(deps, open.value, by)) {
      return { kind: "enhanced", back, teamId: grant.teamId, logout };
    }
  }
  throw new Unavailable("the grant or the client keeps changing");
}

interface Open {
  readonly request: EnhancementRequest;
  readonly grant: GrantNow;
  readonly person: Consenter;
  readonly choices: readonly TeamChoice[];
  /** What the grant does not confer yet. */
  readonly added: readonly string[];
}

async function consider(
  deps: Deps,
  read: Result<EnhancementRequest, RefusedEnhancement>,
  cookie: string | null,
  moment: Moment,
): Promise<Result<Open, Enhancement>> {
  const person = cookie === null ? null : await listPlaces(deps, cookie, moment);
  const isSignedIn = person !== null && !isIdle(person.places);
  if (!read.ok) {
    const { refusal, back } = read.error;
    // As of an authorization request: nobody is led elsewhere who has not signed in here.
    return err(
      back === null || !isSignedIn
        ? { kind: "problem", refusal }
        : { kind: "returned", back, refusal, logout: false },
    );
  }
  const request = read.value;
  const { back, handle, logout } = request;
  if (!isSignedIn) return err({ kind: "sign_in", handle });
  const returned = (refusal: OAuthRefusal) =>
    err<Enhancement>({ kind: "returned", back, refusal, logout: false });

  const grant = await findGrant(deps, request);
  if (!grant.ok) return returned(grant.error);
  const { teamId, userId, permissions } = grant.value;
  const places = person.places.filter((place) => place.teamId === teamId);
  if (userId !== person.userId || places.length === 0) return err({ kind: "other_account", handle, back });
  if (request.responseType !== "update_scopes") {
    return returned(
      request.responseType === null
        ? { kind: "parameter_missing", parameter: "response_type" }
        : { kind: "parameter_invalid", parameter: "response_type" },
    );
  }
  const more = await readAddedScope(deps, request, permissions, moment);
  if (!more.ok) return returned(more.error);
  const added = more.value;
  if (added.length === 0) return err({ kind: "enhanced", back, teamId, logout });
  const choices = weighPlaces(places, added);
  const nothing = nothingOffered(choices);
  if (nothing !== null && nothing.kind !== "login_required") return returned(nothing);
  return ok({ request, grant: grant.value, person, choices, added });
}

/** What a scope asks for beyond what is granted, within what the client may ever be granted. */
async function readAddedScope(
  deps: Deps,
  { client, scope }: EnhancementRequest,
  granted: readonly string[],
  moment: Moment,
): Promise<Result<readonly string[], OAuthRefusal>> {
  if (scope === null) return err({ kind: "scope_missing" });
  const wanted = readScope(await knownPermissions(deps.records, moment), scope, granted);
  if (!wanted.ok) return wanted;
  const added = missingPermissions(granted, wanted.value);
  const missing = missingPermissions(client.permissions, added);
  return missing.length > 0 ? err({ kind: "scope_beyond_client", missing }) : ok(added);
}

/** The grant of an enhance token that can still be used. */
async function findGrant(
  deps: Deps,
  { client, enhanceHash }: EnhancementRequest,
): Promise<Result<GrantNow, OAuthRefusal>> {
  const token = await findEnhanceToken(deps.db, enhanceHash);
  if (token === undefined) return err({ kind: "credential_unknown", credential: "enhance token" });
  if (token.clientId !== client.id) {
    return err({ kind: "credential_of_another_client", credential: "enhance token" });
  }
  if (token.usedAt !== null) return err({ kind: "credential_used", credential: "enhance token" });
  const now = deps.clock();
  if (token.expiresAt <= now) return err({ kind: "credential_expired", credential: "enhance token" });
  const grant = await findGrantNow(deps.db, token.grantId);
  const standing = grantStanding(grant, "enhance token", now);
  if (!standing.ok) return standing;
  return grant === undefined ? err({ kind: "credential_ended", credential: "enhance token" }) : ok(grant);
}

/** @returns false when something changed meanwhile */
function accept(deps: Deps, open: Open, by: AtBrowser): Promise<boolean> {
  const { db } = deps;
  const { request, grant, person, added } = open;
  const { client } = request;
  const { id, teamId } = grant;
  const { userId } = person;
  const audit = auditOf(deps, open, by, "grant.accepted");
  const { at } = audit;
  return commitIfHolds(db, [
    refuseChangedClient(db, client),
    refuseNoMember(db, { teamId, userId }),
    refuseSessionEnded(db, cookieHash(deps, by.cookie ?? "")),
    refuseEnded(db, { grantId: id, clientId: client.id }),
    ...useEnhanceToken(db, { hash: request.enhanceHash, at, usedBy: audit.id }),
    widenGrant(db, { id, permissions: added }),
    rememberConsent(db, { userId, clientId: client.id, teamId, at, permissions: added }),
    ...recordChange(db, { subjects: [], audit }),
  ]);
}

/** @returns false when somebody was first */
function deny(deps: Deps, open: Open, by: AtBrowser): Promise<boolean> {
  const audit = auditOf(deps, open, by, "grant.denied");
  return commitIfHolds(deps.db, [
    ...useEnhanceToken(deps.db, { hash: open.request.enhanceHash, at: audit.at, usedBy: audit.id }),
    ...recordChange(deps.db, { subjects: [], audit }),
  ]);
}

function auditOf(
  deps: Deps,
  { grant, person: { userId, sessionId }, added }: Open,
  { ip }: AtBrowser,
  type: "grant.accepted" | "grant.denied",
): AuditRow {
  const by = { actor: sessionId, owner: userId, ip };
  const { id, teamId, clientId: client } = grant;
  const detail = { client, user: userId, permissions: added, incremental: true };
  return auditRowOf(deps, by, { type, teamId, subject: id, detail });
}

function askedOf({ request: { client, back }, added }: Open): Asked {
  return { client, redirectUri: back.redirectUri, permissions: added, lasts: "more" };
}

async function ask(deps: Deps, open: Open, why: ConsentProblem | null, moment: Moment): Promise<Enhancement> {
  const view = await consentView(deps, askedOf(open), open.person, open.choices, why, moment);
  return { kind: "consent", view, handle: open.request.handle };
}
