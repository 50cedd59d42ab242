import type { Refusal } from "../../src/domain/refusal.ts";

type Samples = { readonly [K in Refusal["kind"]]: readonly Extract<Refusal, { kind: K }>[] };

/** At least one of every kind, and one of each variant that has a text of its own. */
const SAMPLES: Samples = {
  malformed_token: [{ kind: "malformed_token" }],
  wrong_region: [{ kind: "wrong_region", region: "eu" }],
  unknown_token: [{ kind: "unknown_token" }],
  wrong_audience: [{ kind: "wrong_audience" }],
  wrong_team: [{ kind: "wrong_team" }],
  revoked_token: [{ kind: "revoked_token" }],
  expired_token: [{ kind: "expired_token" }],
  team_suspended: [{ kind: "team_suspended" }],
  ip_not_allowed: [{ kind: "ip_not_allowed" }],
  missing_permission: [
    { kind: "missing_permission", missing: ["EMM.DeviceCommands.LOCK", "EMM.DeviceCommands.WIPE"] },
  ],
  rate_limited: [
    { kind: "rate_limited", retryAfterSeconds: 17 },
    { kind: "rate_limited", retryAfterSeconds: null },
  ],
  no_credential: [{ kind: "no_credential" }],
  unknown_credential: [{ kind: "unknown_credential" }],
  ambiguous_credential: [{ kind: "ambiguous_credential" }],
  operator_only: [{ kind: "operator_only" }],
  exceeds_maker: [{ kind: "exceeds_maker", missing: ["EMM.Team.SECURITY"] }],
  method_not_allowed: [{ kind: "method_not_allowed", allow: ["GET", "POST"] }],
  bad_page: [
    { kind: "bad_page", parameter: "limit" },
    { kind: "bad_page", parameter: "cursor" },
  ],
  invalid_member: [
    { kind: "invalid_member", member: "rate_limit.limit", problem: "missing" },
    { kind: "invalid_member", member: "rate_limit", problem: "unknown" },
    { kind: "invalid_member", member: "", problem: "unknown" },
    { kind: "invalid_member", member: "rate_limit.limit", problem: "invalid" },
  ],
  body_not_object: [{ kind: "body_not_object" }],
  unknown_permission: [{ kind: "unknown_permission", member: "permissions[0]" }],
  empty_body: [{ kind: "empty_body" }],
  malformed_json: [{ kind: "malformed_json" }],
  unknown_path: [{ kind: "unknown_path" }],
  bad_header: [{ kind: "bad_header", header: "Idempotency-Key" }],
  bad_api_version: [{ kind: "bad_api_version" }],
  not_acceptable: [{ kind: "not_acceptable" }],
  unsupported_media_type: [{ kind: "unsupported_media_type" }],
  body_too_large: [{ kind: "body_too_large", limitBytes: 65_536 }],
  not_found: [
    { kind: "not_found", noun: "team" },
    { kind: "not_found", noun: "user" },
    { kind: "not_found", noun: "service" },
    { kind: "not_found", noun: "service_key" },
    { kind: "not_found", noun: "access_token" },
    { kind: "not_found", noun: "catalogue" },
    { kind: "not_found", noun: "permission_set" },
  ],
  required_permission_absent: [{ kind: "required_permission_absent", missing: ["EMM.Devices.VIEW"] }],
  no_common_address: [{ kind: "no_common_address" }],
  already_exists: [{ kind: "already_exists", noun: "team", member: "slug" }],
  catalogue_would_lose: [{ kind: "catalogue_would_lose", permissions: ["Acme.Orders.READ"] }],
  idempotency_conflict: [{ kind: "idempotency_conflict" }],
  idempotency_running: [{ kind: "idempotency_running" }],
  precondition_failed: [{ kind: "precondition_failed" }],
  unavailable: [{ kind: "unavailable", retryAfterSeconds: 1 }],
  internal: [{ kind: "internal" }],
};

export const REFUSALS: readonly Refusal[] = Object.values(SAMPLES).flat();
