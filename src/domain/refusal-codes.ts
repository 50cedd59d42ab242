import type { CodedStatus } from "./error-codes.ts";
import type { Refusal } from "./refusal.ts";

/**
 * The HTTP status and error code of a refusal (contract, sections 4 and 7).
 * Forward-auth's own statuses (its `statuses` option, a bad service key) are its route's business.
 */
export function codeOf(refusal: Refusal): CodedStatus {
  switch (refusal.kind) {
    case "malformed_token":
    case "unknown_token":
    case "invalid_proof":
    case "no_credential":
    case "unknown_credential":
    case "sign_in_required":
      return { status: 401, code: "COM0013" };
    case "wrong_region":
      return { status: 401, code: "TOK0003" };
    case "wrong_audience":
      return { status: 403, code: "TOK0008" };
    case "wrong_team":
      return { status: 403, code: "TOK0002" };
    case "revoked_token":
      return { status: 401, code: "TOK0005" };
    case "expired_token":
      return { status: 401, code: "TOK0004" };
    case "team_suspended":
      return { status: 403, code: "TOK0007" };
    case "ip_not_allowed":
      return { status: 403, code: "TOK0006" };
    case "missing_permission":
    case "operator_only":
    case "acts_for_nobody":
    case "second_factor_required":
    case "sign_in_method_not_allowed":
    case "exceeds_maker":
    case "owner_only":
    case "beyond_caller":
    case "beyond_client":
    case "exceeds_bounds":
      return { status: 403, code: "TOK0001" };
    case "rate_limited":
    case "issue_limited":
      return { status: 429, code: "COM0002" };
    case "method_not_allowed":
      return { status: 405, code: "COM0001" };
    case "bad_page":
      return { status: 400, code: "COM0003" };
    case "invalid_member":
    case "body_not_object":
    case "unknown_permission":
      return { status: 400, code: "COM0005" };
    case "empty_body":
      return { status: 400, code: "COM0006" };
    case "unknown_path":
    case "not_found":
      return { status: 404, code: "COM0008" };
    case "required_permission_absent":
    case "no_common_address":
    case "empty_period":
    case "member_not_for_type":
    case "domain_not_proven":
    case "provider_unusable":
      return { status: 422, code: "COM0009" };
    case "already_exists":
    case "catalogue_would_lose":
    case "in_use":
    case "quota_exceeded":
    case "too_many_imported":
    case "move_refused":
    case "keeps_no_secret":
    case "too_many_secrets":
    case "webhook_not_enabled":
    case "self_client_only":
    case "no_way_to_sign_in":
    case "built_in_role":
    case "role_in_use":
    case "last_owner":
    case "invitation_expired":
    case "idempotency_conflict":
    case "idempotency_running":
    case "report_not_ready":
    case "report_failed":
      return { status: 409, code: "COM0010" };
    case "bad_header":
      return { status: 422, code: "COM0011" };
    case "bad_api_version":
      return { status: 400, code: "COM0012" };
    case "ambiguous_credential":
    case "malformed_json":
      return { status: 400, code: "COM0014" };
    case "not_acceptable":
      return { status: 406, code: "COM0014" };
    case "unsupported_media_type":
      return { status: 415, code: "COM0014" };
    case "body_too_large":
      return { status: 413, code: "COM0014" };
    case "misdirected":
      return { status: 421, code: "COM0014" };
    case "precondition_failed":
      return { status: 412, code: "COM0015" };
    case "unavailable":
      return { status: 503, code: "COM0004" };
    case "internal":
      return { status: 500, code: "COM0004" };
    default:
      return unhandled(refusal);
  }
}

/** Compiles only while the switch above knows every kind; at run time it answers as our fault. */
function unhandled(_refusal: never): CodedStatus {
  return { status: 500, code: "COM0004" };
}
