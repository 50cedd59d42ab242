import { CLIENT_TYPE_RULES } from "../../domain/client.ts";
import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { missingPermissions } from "../../domain/permission.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { listConsents } from "../../store/consents.ts";
import type { Deps } from "../deps.ts";
import type { Moment } from "../moment.ts";
import { Unavailable } from "../unavailable.ts";
import type { AtBrowser } from "./at-browser.ts";
import {
  readAuthorizationRequest,
  type AuthorizationRequest,
  type Pairs,
  type ReturnPath,
} from "./authorization-request.ts";
import { chargeIssue } from "./charge-issue.ts";
import {
  acceptedTeam,
  consentView,
  type Asked,
  type ConsentProblem,
  type ConsentView,
  type Decision,
} from "./consent-view.ts";
import { denyAuthorization } from "./deny-authorization.ts";
import { giveCode } from "./give-code.ts";
import { listPlaces, type Consenter } from "./list-places.ts";
import { isIdle, isOffered, nothingOffered, weighPlaces, type TeamChoice } from "./weigh-places.ts";

/** What comes of an authorization request. */
export type Authorization =
  /** A page; nobody is sent anywhere. */
  | { readonly kind: "problem"; readonly refusal: OAuthRefusal }
  | { readonly kind: "sign_in" }
  | { readonly kind: "returned"; readonly back: ReturnPath; readonly refusal: OAuthRefusal }
  | { readonly kind: "consent"; readonly view: ConsentView }
  | { readonly kind: "code"; readonly back: ReturnPath; readonly code: string; readonly teamId: string };

/** A lost race is looked at again. */
const MAX_ATTEMPTS = 3;

/**
 * Answers an authorization request (RFC 6749, section 4.1.1): by a page that asks whoever is signed in, or, if
 * they have allowed all of it before, by a code at once. That one brings no refresh token (contract, section 6).
 * @throws {Unavailable} when the limiter cannot be reached
 */
export function beginAuthorization(
  deps: Deps,
  query: Pairs,
  by: AtBrowser,
  moment: Moment,
): Promise<Authorization> {
  return attempt(deps, query, by, moment, async (open, give) => {
    const { request, person, choices } = open;
    if (request.prompt !== "consent" && !canBeAnybody(request)) {
      const remembered = await rememberedTeams(deps, open);
      const [only] = remembered;
      if (remembered.length === 1 && only !== undefined) {
        return give({ teamId: only, accessType: "online", isRemembered: true });
      }
    }
    if (request.prompt === "none") return returned(request, { kind: "consent_required" });
    return ask(deps, request, person, choices, null, moment);
  });
}

/**
 * The same once somebody has decided. Everything is looked at anew, against the request and not against what
 * the page sends back of it.
 */
export function decideAuthorization(
  deps: Deps,
  query: Pairs,
  by: AtBrowser,
  decision: Decision,
  moment: Moment,
): Promise<Authorization> {
  return attempt(deps, query, by, moment, async ({ request, person, choices }, give) => {
    if (decision.decision === "deny") {
      const denied = await denyAuthorization(deps, { request, person, teamId: decision.team }, by);
      return denied ? returned(request, { kind: "access_denied" }) : null;
    }
    const accepted = acceptedTeam(askedOf(request), person, choices, decision);
    if ("problem" in accepted) return ask(deps, request, person, choices, accepted.problem, moment);
    return give({ teamId: accepted.teamId, accessType: request.accessType, isRemembered: false });
  });
}

interface Open {
  readonly request: AuthorizationRequest;
  readonly person: Consenter;
  readonly choices: readonly TeamChoice[];
}

interface Gift {
  readonly teamId: string;
  readonly accessType: "online" | "offline";
  readonly isRemembered: boolean;
}

/** @returns null when something changed meanwhile */
type Give = (gift: Gift) => Promise<Authorization | null>;

async function attempt(
  deps: Deps,
  query: Pairs,
  by: AtBrowser,
  moment: Moment,
  answer: (open: Open, give: Give) => Promise<Authorization | null>,
): Promise<Authorization> {
  let charged = false;
  for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts += 1) {
    const open = await consider(deps, query, by, moment);
    if (!open.ok) return open.error;
    const { request, person } = open.value;
    const answered = await answer(open.value, async (gift) => {
      // Of parallel uses of one pushed request only one can give a code: they count as one.
      const wait = charged
        ? null
        : await chargeIssue(deps, "grant_tokens", request.client.id, request.pushed, {
            client: request.client,
            ip: by.ip,
          });
      if (wait !== null)
        return problem({ kind: "rate_limited", what: "grant tokens", retryAfterSeconds: wait });
      charged = true;
      const code = await giveCode(deps, { ...gift, request, person }, by);
      return code === null ? null : { kind: "code", back: request.back, code, teamId: gift.teamId };
    });
    if (answered !== null) return answered;
  }
  throw new Unavailable("the client or the person's place keeps changing");
}

/** Everything that can be said before anybody decides. */
async function consider(
  deps: Deps,
  query: Pairs,
  { cookie }: AtBrowser,
  moment: Moment,
): Promise<Result<Open, Authorization>> {
  const read = await readAuthorizationRequest(deps, query, moment);
  if (!read.ok && read.error.back === null) return err(problem(read.error.refusal));
  const person = cookie === null ? null : await listPlaces(deps, cookie, moment);
  const isSignedIn = person !== null && !isIdle(person.places);
  if (!read.ok) {
    const { refusal, back, quiet } = read.error;
    // RFC 9700, section 4.11.2: a link of ours leads nobody to elsewhere who has not signed in here.
    if (back === null || (!isSignedIn && !quiet)) return err(back === null ? problem(refusal) : SIGN_IN);
    return err({ kind: "returned", back, refusal });
  }
  const request = read.value;
  if (!isSignedIn) {
    return err(request.prompt === "none" ? returned(request, { kind: "login_required" }) : SIGN_IN);
  }
  const choices = weighPlaces(person.places, request.permissions);
  const nothing = nothingOffered(choices);
  // What signing in otherwise would mend is shown, with the reason.
  if (nothing !== null && (nothing.kind !== "login_required" || request.prompt === "none")) {
    return err(returned(request, nothing));
  }
  return ok({ request, person, choices });
}

const SIGN_IN: Authorization = { kind: "sign_in" };

function problem(refusal: OAuthRefusal): Authorization {
  return { kind: "problem", refusal };
}

function returned({ back }: AuthorizationRequest, refusal: OAuthRefusal): Authorization {
  return { kind: "returned", back, refusal };
}

/** The teams in which the person has allowed all of it before, and still can. */
async function rememberedTeams(
  { db }: Deps,
  { request: { client, permissions }, person: { userId }, choices }: Open,
): Promise<string[]> {
  const consents = await listConsents(db, { userId, clientId: client.id });
  const offered = new Set(choices.filter(isOffered).map(({ teamId }) => teamId));
  return consents
    .filter(
      (consent) =>
        offered.has(consent.teamId) && missingPermissions(consent.permissions, permissions).length === 0,
    )
    .map(({ teamId }) => teamId);
}

/**
 * A program on a device shows by nothing who it is: another one can take its scheme or port, so a person decides
 * each time (RFC 6749, section 10.2; RFC 8252, section 8.6). An https address leads to its owner alone.
 */
function canBeAnybody({ client, back }: AuthorizationRequest): boolean {
  return CLIENT_TYPE_RULES[client.type].redirects === "native" && !back.redirectUri.startsWith("https://");
}

async function ask(
  deps: Deps,
  request: AuthorizationRequest,
  person: Consenter,
  choices: readonly TeamChoice[],
  why: ConsentProblem | null,
  moment: Moment,
): Promise<Authorization> {
  return {
    kind: "consent",
    view: await consentView(deps, askedOf(request), person, choices, why, moment),
  };
}

function askedOf({ client, back, permissions, accessType }: AuthorizationRequest): Asked {
  return { client, redirectUri: back.redirectUri, permissions, lasts: accessType };
}
