import type { ClientType } from "./client.ts";
import type { QuotaName } from "./plan.ts";
import type { ProofProblem } from "./proof.ts";
import type { RegionCode } from "./region.ts";

/**
 * Every way in which Jeton says no, as one union. Inside it is specific; `routes/refusals.ts`
 * turns it into what the caller needs to know and no more. No member carries a submitted value,
 * except permissions that a catalogue knows.
 */
export type Refusal = CheckRefusal | CallerRefusal | RequestRefusal | StateRefusal | FaultRefusal;

/** The verdicts of a check, in the order in which they are decided (contract, section 4). */
export type CheckRefusal =
  | { readonly kind: "malformed_token" }
  /** Another region's, or its team has moved there. */
  | { readonly kind: "wrong_region"; readonly region: RegionCode; readonly moved?: true }
  | { readonly kind: "unknown_token" }
  /** A token that is bound to a key came without a proof of it that holds, or another one with a proof (RFC 9449). */
  | { readonly kind: "invalid_proof"; readonly problem: ProofProblem }
  | { readonly kind: "wrong_audience" }
  | { readonly kind: "wrong_team" }
  | { readonly kind: "revoked_token" }
  | { readonly kind: "expired_token" }
  | { readonly kind: "team_suspended" }
  | { readonly kind: "ip_not_allowed" }
  | { readonly kind: "missing_permission"; readonly missing: readonly string[] }
  | {
      readonly kind: "rate_limited";
      /** The quota of the team's plan that is used up; absent: it is the token's own limit. */
      readonly quota?: QuotaName;
      /** Whole seconds until the same request can be allowed; null: it never can (cost above the limit). */
      readonly retryAfterSeconds: number | null;
    };

/** Who is asking, beyond what a check decides. */
export type CallerRefusal =
  | { readonly kind: "no_credential" }
  | { readonly kind: "unknown_credential" }
  /** Two bearer methods at once, or a bearer credential in the query (RFC 6750, section 2). */
  | { readonly kind: "ambiguous_credential" }
  | { readonly kind: "operator_only" }
  /** Only a token that acts for a person says who that is. */
  | { readonly kind: "acts_for_nobody" }
  /** The team requires a second factor, and this session was opened without one. */
  | { readonly kind: "second_factor_required" }
  /** The team's members may not sign in the way in which this session was opened, or not from elsewhere. */
  | { readonly kind: "sign_in_method_not_allowed" }
  /** Nothing confers more than its maker holds. */
  | { readonly kind: "exceeds_maker"; readonly missing: readonly string[] }
  /** Only those to whom the team belongs, or the operator, make, change and remove its owners. */
  | { readonly kind: "owner_only" }
  /** What would be changed or removed holds more than the caller does. */
  | { readonly kind: "beyond_caller"; readonly missing: readonly string[] }
  /** It goes beyond the most that the client can ever be granted. */
  | { readonly kind: "beyond_client"; readonly missing: readonly string[] }
  /** It would live longer, or work from more addresses, than the token that asks for it. */
  | { readonly kind: "exceeds_bounds" }
  /** The invited address has an account, and the caller is not signed in to it. */
  | { readonly kind: "sign_in_required" };

/** What is wrong with the request itself. */
export type RequestRefusal =
  | { readonly kind: "method_not_allowed"; readonly allow: readonly string[] }
  | { readonly kind: "bad_page"; readonly parameter: "limit" | "cursor" }
  /**
   * `member` is a path in the schema's own words, such as `rate_limit.limit`; never what was sent.
   * Where the problem is `unknown`, it is the path of the object that holds the unknown member, and
   * empty for the body itself, because the unknown member's own name was submitted.
   */
  | { readonly kind: "invalid_member"; readonly member: string; readonly problem: MemberProblem }
  | { readonly kind: "body_not_object" }
  | { readonly kind: "unknown_permission"; readonly member: string }
  | { readonly kind: "empty_body" }
  | { readonly kind: "malformed_json" }
  | { readonly kind: "unknown_path" }
  /** Its host is neither this region's nor a proven domain (RFC 9110, section 15.5.20). */
  | { readonly kind: "misdirected" }
  | { readonly kind: "bad_header"; readonly header: string }
  | { readonly kind: "bad_api_version" }
  | { readonly kind: "not_acceptable" }
  | { readonly kind: "unsupported_media_type" }
  | { readonly kind: "body_too_large"; readonly limitBytes: number };

export type MemberProblem = "missing" | "unknown" | "invalid";

/** What can be absent or taken; every language has its own word for each. */
export type Noun =
  | "team"
  | "user"
  | "service"
  | "service_key"
  | "access_token"
  | "catalogue"
  | "domain"
  | "sso_connection"
  | "permission_set"
  | "role"
  | "member"
  | "invitation"
  | "report"
  | "client"
  | "webhook"
  | "delivery"
  | "move";

/** The request is fine, the state of things is against it. */
export type StateRefusal =
  | { readonly kind: "not_found"; readonly noun: Noun }
  | { readonly kind: "required_permission_absent"; readonly missing: readonly string[] }
  | { readonly kind: "no_common_address" }
  /** Clients of this type have no such member. */
  | { readonly kind: "member_not_for_type"; readonly member: string; readonly type: ClientType }
  | { readonly kind: "keeps_no_secret" }
  /** So many secrets of a client or webhook are in force at once. */
  | { readonly kind: "too_many_secrets"; readonly limit: number }
  /** Nothing is sent to it: it was paused or disabled. */
  | { readonly kind: "webhook_not_enabled" }
  | { readonly kind: "self_client_only" }
  /** Too many grant tokens of one client in a short time (contract, section 6, "Limits"). */
  | { readonly kind: "issue_limited"; readonly retryAfterSeconds: number }
  | { readonly kind: "already_exists"; readonly noun: Noun; readonly member: string }
  | { readonly kind: "catalogue_would_lose"; readonly permissions: readonly string[] }
  /** The team's plan allows no more of these. */
  | { readonly kind: "quota_exceeded"; readonly quota: QuotaName; readonly limit: number }
  /** The region, or the team in it, keeps no more foreign keys. */
  | { readonly kind: "too_many_imported"; readonly limit: number }
  /** The sign-in methods that would be left let nobody in. */
  | { readonly kind: "no_way_to_sign_in" }
  /** The DNS record is not there, or a domain is named that the team has not proven. */
  | { readonly kind: "domain_not_proven" }
  | { readonly kind: "provider_unusable" }
  /** Something else relies on it. */
  | { readonly kind: "in_use"; readonly noun: Noun }
  | { readonly kind: "built_in_role" }
  /** A role is deleted only once no member and no invitation has it. */
  | { readonly kind: "role_in_use" }
  | { readonly kind: "last_owner" }
  | { readonly kind: "invitation_expired" }
  | { readonly kind: "idempotency_conflict" }
  | { readonly kind: "idempotency_running" }
  | { readonly kind: "report_not_ready" }
  | { readonly kind: "report_failed" }
  /** A period that ends before it begins. */
  | { readonly kind: "empty_period" }
  /** What stands in the way of a team's move, in the words of the API's documentation. */
  | { readonly kind: "move_refused"; readonly obstacle: string }
  | { readonly kind: "precondition_failed" };

export type FaultRefusal =
  | { readonly kind: "unavailable"; readonly retryAfterSeconds: number }
  | { readonly kind: "internal" };
