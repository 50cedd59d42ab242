import { describe, expect, it } from "vitest";
import { ERROR_CODES } from "../../src/domain/error-codes.ts";
import type { Refusal } from "../../src/domain/refusal.ts";
import { codeOf } from "../../src/domain/refusal-codes.ts";
import { REFUSALS } from "./refusal-samples.ts";

/** Contract, section 4 (reasons) and section 7 (everything else), written out once more by hand. */
const WIRE: Readonly<Record<Refusal["kind"], string>> = {
  malformed_token: "401 COM0013",
  wrong_region: "401 TOK0003",
  unknown_token: "401 COM0013",
  invalid_proof: "401 COM0013",
  wrong_audience: "403 TOK0008",
  wrong_team: "403 TOK0002",
  revoked_token: "401 TOK0005",
  expired_token: "401 TOK0004",
  team_suspended: "403 TOK0007",
  ip_not_allowed: "403 TOK0006",
  missing_permission: "403 TOK0001",
  rate_limited: "429 COM0002",
  no_credential: "401 COM0013",
  unknown_credential: "401 COM0013",
  ambiguous_credential: "400 COM0014",
  second_factor_required: "403 TOK0001",
  sign_in_method_not_allowed: "403 TOK0001",
  operator_only: "403 TOK0001",
  acts_for_nobody: "403 TOK0001",
  exceeds_maker: "403 TOK0001",
  owner_only: "403 TOK0001",
  beyond_caller: "403 TOK0001",
  beyond_client: "403 TOK0001",
  exceeds_bounds: "403 TOK0001",
  member_not_for_type: "422 COM0009",
  keeps_no_secret: "409 COM0010",
  too_many_secrets: "409 COM0010",
  webhook_not_enabled: "409 COM0010",
  self_client_only: "409 COM0010",
  issue_limited: "429 COM0002",
  sign_in_required: "401 COM0013",
  method_not_allowed: "405 COM0001",
  bad_page: "400 COM0003",
  invalid_member: "400 COM0005",
  body_not_object: "400 COM0005",
  unknown_permission: "400 COM0005",
  empty_body: "400 COM0006",
  malformed_json: "400 COM0014",
  unknown_path: "404 COM0008",
  bad_header: "422 COM0011",
  misdirected: "421 COM0014",
  bad_api_version: "400 COM0012",
  not_acceptable: "406 COM0014",
  unsupported_media_type: "415 COM0014",
  body_too_large: "413 COM0014",
  not_found: "404 COM0008",
  required_permission_absent: "422 COM0009",
  no_common_address: "422 COM0009",
  domain_not_proven: "422 COM0009",
  provider_unusable: "422 COM0009",
  in_use: "409 COM0010",
  quota_exceeded: "409 COM0010",
  too_many_imported: "409 COM0010",
  move_refused: "409 COM0010",
  no_way_to_sign_in: "409 COM0010",
  already_exists: "409 COM0010",
  catalogue_would_lose: "409 COM0010",
  built_in_role: "409 COM0010",
  role_in_use: "409 COM0010",
  last_owner: "409 COM0010",
  invitation_expired: "409 COM0010",
  idempotency_conflict: "409 COM0010",
  idempotency_running: "409 COM0010",
  report_not_ready: "409 COM0010",
  report_failed: "409 COM0010",
  empty_period: "422 COM0009",
  precondition_failed: "412 COM0015",
  unavailable: "503 COM0004",
  internal: "500 COM0004",
};

/** Seed 002's table; COM0004 and COM0014 have further statuses in the contract. */
const SEED = `
  COM0001 405  COM0002 429  COM0003 400  COM0004 500  COM0005 400  COM0006 400  COM0007 412  COM0008 404
  COM0009 422  COM0010 409  COM0011 422  COM0012 400  COM0013 401  COM0014 400  LOC0001 412  SDE0003 412
  CMD0001 412  CMD0002 412  APP0001 400  APP0002 412  COM00020 400 FIL0001 400  COM0015 412  COM0021 400
  PAY0001 400  PAY0002 400  PAY0004 400`;

describe("the table of error codes", () => {
  it("has every code of seed 002 with its status", () => {
    const pairs = [...SEED.matchAll(/(\w+) (\d{3})/g)].map(([, code, status]) => [code, Number(status)]);
    expect(pairs).toHaveLength(27);
    for (const [code, status] of pairs) {
      expect(ERROR_CODES, String(code)).toHaveProperty(String(code), expect.arrayContaining([status]));
    }
  });

  it("adds the verdicts TOK0001 to TOK0008, and nothing else", () => {
    const added = Object.keys(ERROR_CODES).filter((code) => !new RegExp(`\\b${code}\\b`).test(SEED));
    expect(added).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((n) => `TOK000${n}`));
  });

  it("gives several statuses to COM0004 and COM0014 alone", () => {
    const several = Object.entries(ERROR_CODES).filter(([, statuses]) => statuses.length > 1);
    expect(Object.fromEntries(several)).toEqual({ COM0004: [500, 503], COM0014: [400, 406, 413, 415, 421] });
  });
});

describe("the code of a refusal", () => {
  it.each(REFUSALS)("$kind is what the contract says", (refusal) => {
    const { status, code } = codeOf(refusal);
    expect(`${status} ${code}`).toBe(WIRE[refusal.kind]);
  });

  it("is always a pair that the table lists", () => {
    for (const refusal of REFUSALS) {
      const { status, code } = codeOf(refusal);
      expect(ERROR_CODES[code], refusal.kind).toContain(status);
    }
  });

  it("gives away nothing and blames the server when a kind unknown to the compiler gets through", () => {
    const stray: Refusal = JSON.parse('{"kind":"from_the_future"}');
    expect(codeOf(stray)).toEqual({ status: 500, code: "COM0004" });
  });
});
