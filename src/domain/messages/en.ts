import type { ErrorCode } from "../error-codes.ts";
import type { MemberProblem, Noun, Refusal } from "../refusal.ts";

/** One text for each kind of refusal, and several for the kinds whose remedy differs. */
type RefusalText =
  | Exclude<Refusal["kind"], "invalid_member">
  | `invalid_member_${MemberProblem}`
  | "team_moved"
  | "rate_limited_never"
  | "rate_limited_quota";

/** What every language must have, all of it. English is the pattern for the placeholders. */
export interface Messages {
  readonly listSeparator: string;
  /** Stands for the empty path in `invalid_member_unknown`. */
  readonly body: string;
  /** In the grammatical form that this language's `not_found` and `already_exists` need. */
  readonly nouns: Readonly<Record<Noun, string>>;
  /** What each code means in general. */
  readonly codes: Readonly<Record<ErrorCode, string>>;
  /** What happened and what to do, with `{placeholders}`. */
  readonly refusals: Readonly<Record<RefusalText, string>>;
}

export const en = {
  listSeparator: ", ",
  body: "the body",
  nouns: {
    team: "team",
    user: "user",
    service: "service",
    service_key: "service key",
    access_token: "access token",
    domain: "domain",
    sso_connection: "single sign-on connection",
    catalogue: "catalogue",
    permission_set: "permission set",
    role: "role",
    member: "member",
    invitation: "invitation",
    report: "report",
    client: "client",
    webhook: "webhook",
    delivery: "delivery",
    move: "move",
  },
  codes: {
    COM0001: "The path does not take this method.",
    COM0002: "Too many requests in a short time.",
    COM0003: "A paging parameter is not valid.",
    COM0004: "The server failed, or cannot answer at the moment.",
    COM0005: "A member of the body is missing, unknown or not valid.",
    COM0006: "The request needs a body and has none.",
    COM0007: "Remote assistance is not set up.",
    COM0008: "Nothing exists at this path or under this id.",
    COM0009: "The request is well formed, but its parts do not fit together.",
    COM0010: "It exists already, or conflicts with something that does.",
    COM0011: "A header is missing or not valid.",
    COM0012: "This API version does not exist.",
    COM0013: "No valid credential was sent.",
    COM0014: "The request is malformed or too large, or uses a format that is not supported.",
    COM0015: "The resource has changed since it was read.",
    COM0021: "The delta token is not valid.",
    COM00020: "All device licences are in use.",
    LOC0001: "The location of the device could not be obtained.",
    SDE0003: "The user could not be assigned to the device.",
    CMD0001: "The command does not apply to this device.",
    CMD0002: "The command could not be suspended.",
    APP0001: "The uploaded app was rejected.",
    APP0002: "The app or profile could not be deleted.",
    FIL0001: "The uploaded file was rejected.",
    PAY0001: "The uploaded image is larger than allowed.",
    PAY0002: "Required fields have not been filled in.",
    PAY0004: "The values of required fields are not valid.",
    TOK0001: "The credential lacks a permission that this needs.",
    TOK0002: "The credential belongs to another team.",
    TOK0003: "The token belongs to another region.",
    TOK0004: "The token has expired.",
    TOK0005: "The token was revoked.",
    TOK0006: "The token may not be used from this address.",
    TOK0007: "The team is suspended.",
    TOK0008: "The token was issued for another service.",
  },
  refusals: {
    malformed_token: "This is not a complete, unaltered token. Copy the whole token again.",
    wrong_region: "This token belongs to region {region}; use {url} instead.",
    team_moved: "The team has moved to region {region}; use {url} instead.",
    unknown_token:
      "This access token is not known here. Check that you sent the right one, or create a new one.",
    invalid_proof:
      "The request does not prove that it has the key of this token (DPoP: {problem}). Send a token that is bound to a key under the scheme DPoP with a new proof, any other one as Bearer.",
    wrong_audience: "This token was issued for another service. Request one for this service.",
    wrong_team: "This credential belongs to another team. Use one of the team that the request is about.",
    revoked_token: "This token was revoked and cannot be restored. Create a new one.",
    expired_token: "This token has expired. Obtain a new one.",
    team_suspended: "This team is suspended. Its tokens work again once the operator restores it.",
    ip_not_allowed:
      "This token works only from its allowed addresses. Call from one of them, or use another token.",
    missing_permission:
      "This token lacks permissions that the request needs: {missing}. Use a token that has them.",
    rate_limited: "The rate limit is used up. Try again in {seconds} s.",
    rate_limited_never:
      "This request costs more than the token's whole rate limit and can never be allowed. Lower its cost.",
    no_credential: "No credential was sent. Send a header Authorization: Bearer followed by your token.",
    unknown_credential:
      "This credential is not valid here. Check that it is complete and has not been withdrawn.",
    ambiguous_credential:
      "Send exactly one credential, in the Authorization header and not in the query string.",
    quota_exceeded: "The team's plan allows {limit} {quota}. Change the plan, or free some first.",
    move_refused: "The move cannot go on: {obstacle}.",
    too_many_imported:
      "No more than {limit} keys can be imported here, ended ones included. Issue access tokens instead.",
    rate_limited_quota: "The team's plan allows no more {quota} at the moment. Try again in {seconds} s.",
    no_way_to_sign_in:
      "Nobody could sign in with these methods: add a single sign-on connection first, or allow another method.",
    domain_not_proven:
      "The domain is not proven: set the DNS TXT record that its entry names, and verify it.",
    provider_unusable:
      "No OpenID provider with all that signing in needs was found at this issuer. Check the address.",
    in_use: "Something else still uses this {noun}. Change that first.",
    second_factor_required: "This team requires a second factor. Sign in again with yours.",
    sign_in_method_not_allowed:
      "This team does not accept the way in which you signed in. Sign in again in one that it allows.",
    acts_for_nobody: "This token acts for no person. Use one that somebody gave on the consent page.",
    operator_only: "Only the operator may do this. Use the operator key.",
    exceeds_maker: "You cannot give permissions that you do not hold: {missing}. Leave them out.",
    owner_only: "Only an owner of the team, or the operator, may do this.",
    beyond_caller: "This holds permissions that you do not: {missing}. Ask somebody who has all of them.",
    beyond_client:
      "This client may never be granted these permissions: {missing}. Add them to the client first, or leave them out.",
    exceeds_bounds:
      "The token that you use expires or works only from some addresses; this would outlive or escape it. Use another credential.",
    member_not_for_type: "A client of type {type} has no {member}. Leave it out.",
    keeps_no_secret: "This client has no secret: it is public, or it authenticates by keys of its own.",
    too_many_secrets:
      "There are {limit} secrets in force already. Choose a shorter overlap, so that older ones end.",
    webhook_not_enabled: "This webhook is not enabled, so nothing is sent to it. Enable it first.",
    self_client_only:
      "Grant tokens are made in this way for self clients only. Other clients ask on the consent page.",
    issue_limited: "Too many grant tokens were made for this client. Try again in {seconds} s.",
    sign_in_required:
      "There is an account with the invited address already. Sign in to it, then accept the invitation.",
    method_not_allowed: "This path does not take this method. It takes: {allow}.",
    bad_page:
      "Parameter {parameter} is not valid. limit is a whole number from 1 to 100, cursor an earlier next_cursor.",
    invalid_member_missing: "Member {member} is missing. Add it.",
    invalid_member_unknown: "There is an unknown member in {member}. Remove it, or correct its name.",
    invalid_member_invalid: "Member {member} has a value of the wrong type, length or form. Correct it.",
    body_not_object: "The body is not a JSON object. Send one.",
    unknown_permission:
      "Member {member} has a permission that no catalogue knows. GET /v1/catalogues lists them.",
    empty_body: "The body is empty. Send a JSON object.",
    malformed_json: "The body is not well-formed JSON in UTF-8. Correct its syntax.",
    unknown_path: "There is nothing at this path. Check the URL.",
    misdirected:
      "This host leads to nothing here. Use the region's own address, or a domain that its team has proven.",
    bad_header: "Header {header} is not valid. Send 1 to 255 printable ASCII characters, or leave it out.",
    bad_api_version: "This API version does not exist. Use paths that begin with /v1.",
    not_acceptable: "The answer has no format that your Accept header takes. Accept application/json.",
    unsupported_media_type: "This media type is not taken. Send Content-Type: application/json.",
    body_too_large: "The body is larger than {limit} KiB. Send a smaller one.",
    not_found: "There is no such {noun} here. Check its id or name, and the region.",
    required_permission_absent: "Some of these permissions require others. Add: {missing}.",
    no_common_address:
      "None of these addresses is allowed for the token that you use. Choose from among its own.",
    already_exists: "Another {noun} already has the same {member}. Choose a different one.",
    catalogue_would_lose: "A catalogue can gain permissions but lose none. Put back: {permissions}.",
    built_in_role: "This role is built in and cannot be changed or deleted. Create a role of your own.",
    role_in_use: "Members or invitations still have this role. Give them another one first.",
    last_owner: "A team keeps at least one owner. Make somebody else an owner first.",
    invitation_expired: "This invitation has expired. Ask for a new one.",
    idempotency_conflict:
      "This Idempotency-Key was used with a different body. Use a new key for a new request.",
    idempotency_running: "A request with this Idempotency-Key is still running. Repeat it in a moment.",
    report_not_ready: "The report is still being made. Ask again in a moment, or watch its progress.",
    report_failed: "The report could not be made. Order a new one, for a shorter period if it was too large.",
    empty_period: "The period ends before it begins, or is empty. Choose a later until or an earlier since.",
    precondition_failed: "The resource has changed since you read it. Read it again and repeat the change.",
    unavailable: "No reliable answer is possible at the moment. Try again in {seconds} s.",
    internal: "Something went wrong on our side. Try again in a moment.",
  },
} as const satisfies Messages;
