import type { ClientType } from "./client.ts";
import type { RegionCode } from "./region.ts";

/** What a one-time or long-lived OAuth credential is called in an answer. */
export type OAuthCredential =
  | "grant token"
  | "refresh token"
  | "device code"
  | "enhance token"
  | "access token"
  | "request_uri"
  | "authorization request";

/**
 * Every way in which the OAuth server says no (contract, section 6). Inside it is specific; what the wire says
 * of each is decided in one place (`routes/oauth/refusals.ts`), in the names of RFC 6749 and its relatives.
 */
export type OAuthRefusal =
  // The request itself.
  | { readonly kind: "parameter_missing"; readonly parameter: string }
  | { readonly kind: "parameter_repeated"; readonly parameter: string }
  | { readonly kind: "parameter_invalid"; readonly parameter: string }
  | { readonly kind: "body_unreadable" }
  | { readonly kind: "body_too_large" }
  | { readonly kind: "two_client_authentications" }
  | { readonly kind: "bearer_in_query" }
  | { readonly kind: "challenge_method_unsupported" }
  | { readonly kind: "challenge_required" }
  | { readonly kind: "response_type_unsupported" }
  | { readonly kind: "request_uri_required_alone" }
  // Who asks.
  | { readonly kind: "client_missing" }
  | { readonly kind: "client_unknown" }
  | { readonly kind: "client_elsewhere"; readonly region: RegionCode }
  | { readonly kind: "client_secret_missing" }
  | { readonly kind: "client_secret_wrong" }
  | { readonly kind: "client_assertion_invalid"; readonly why: string }
  | { readonly kind: "service_key_wrong" }
  | { readonly kind: "service_key_elsewhere"; readonly region: RegionCode }
  | { readonly kind: "grant_type_unsupported" }
  | { readonly kind: "grant_type_not_for_client"; readonly type: ClientType }
  // What is asked for.
  | { readonly kind: "scope_missing" }
  | { readonly kind: "scope_too_long"; readonly limit: number }
  | { readonly kind: "scope_unknown" }
  | { readonly kind: "scope_requires"; readonly missing: readonly string[] }
  | { readonly kind: "scope_beyond_client"; readonly missing: readonly string[] }
  | { readonly kind: "scope_beyond_grant"; readonly missing: readonly string[] }
  | { readonly kind: "scope_beyond_user"; readonly missing: readonly string[] }
  | { readonly kind: "target_invalid" }
  // By what.
  | { readonly kind: "credential_unknown"; readonly credential: OAuthCredential }
  | {
      readonly kind: "credential_elsewhere";
      readonly credential: OAuthCredential;
      readonly region: RegionCode;
    }
  | { readonly kind: "credential_expired"; readonly credential: OAuthCredential }
  | { readonly kind: "credential_used"; readonly credential: OAuthCredential }
  | { readonly kind: "credential_ended"; readonly credential: OAuthCredential }
  | { readonly kind: "credential_evicted" }
  | { readonly kind: "credential_of_another_client"; readonly credential: OAuthCredential }
  | { readonly kind: "redirect_uri_differs" }
  | { readonly kind: "redirect_uri_unregistered" }
  /** The same where an answer would be sent there: then nothing may be (RFC 6749, section 4.1.2.1). */
  | { readonly kind: "redirect_uri_refused" }
  | { readonly kind: "verifier_missing" }
  | { readonly kind: "verifier_wrong" }
  | { readonly kind: "verifier_without_challenge" }
  | { readonly kind: "user_gone" }
  | { readonly kind: "nothing_left" }
  /** A token exchange's, for any of the reasons for which the token would be refused elsewhere. */
  | { readonly kind: "subject_token_invalid"; readonly cause: OAuthRefusal }
  /** The token that registered the client, and bounds what its secret alone gives, has expired. */
  | { readonly kind: "client_expired" }
  | { readonly kind: "team_suspended" }
  | { readonly kind: "proof_invalid"; readonly why: string }
  | { readonly kind: "proof_required" }
  // The device flow (RFC 8628).
  | { readonly kind: "authorization_pending" }
  | { readonly kind: "slow_down"; readonly intervalSeconds: number }
  | { readonly kind: "device_code_expired" }
  // The person at the browser.
  | { readonly kind: "form_from_elsewhere" }
  | { readonly kind: "login_required" }
  | { readonly kind: "consent_required" }
  | { readonly kind: "no_team" }
  | { readonly kind: "other_account" }
  // Of its own free will, or by counting.
  | { readonly kind: "access_denied" }
  | { readonly kind: "rate_limited"; readonly what: string; readonly retryAfterSeconds: number }
  | { readonly kind: "unavailable"; readonly retryAfterSeconds: number };
