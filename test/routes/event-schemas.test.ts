import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { EVENT_TYPES, eventBody, TEST_EVENT_TYPE } from "../../src/domain/webhook-event.ts";
import {
  EVENT_SUMMARIES,
  eventSchema,
  TOLD_TYPES,
  type ToldType,
} from "../../src/routes/api/event-schemas.ts";

const NOW = "2026-11-22T12:00:00.000Z";
const PERMISSIONS = ["EMM.Devices.VIEW"];
const TOKEN = { name: "CI", profile_id: null, permissions: PERMISSIONS };
const INVITATION = { email: "a@b.example", role: "owner" };
const ROLE = { name: "r", description: "", permissions: PERMISSIONS };
const CLIENT = {
  type: "server",
  name: "App",
  homepage_url: null,
  redirect_uris: ["https://a.example/cb"],
  js_origins: [],
  permissions: PERMISSIONS,
  jwks: { keys: [{ kty: "EC" }] },
  regions: ["eu"],
  same_secret_everywhere: false,
};

/** A detail of each type, as the audit trail has it. */
const DETAILS: Readonly<Record<ToldType, object | null>> = {
  "access_token.created": {
    after: {
      ...TOKEN,
      expires_at: NOW,
      allowed_ips: ["::1/128"],
      rate_limit: { limit: 1, window_seconds: 60 },
    },
  },
  "access_token.revoked": { before: TOKEN, cause: "member.removed" },
  "access_token.expiring": { name: "CI", profile_id: "p", expires_at: NOW, days: 7 },
  "client.created": { after: CLIENT },
  "client.deleted": { before: CLIENT },
  "client.secret_rotated": { after: { overlap_seconds: 0 } },
  "grant.accepted": { client: "cli_x", user: "usr_x", permissions: PERMISSIONS, access_type: "online" },
  "grant.denied": { client: "cli_x", user: "usr_x", permissions: PERMISSIONS, incremental: true },
  "grant.revoked": { client: "cli_x", user: null, cause: "replay" },
  "refresh_token.evicted": { client: "cli_x", grant: "grt_x", user: "usr_x", made_at: NOW, ended: 1 },
  "refresh_token.reuse_detected": { client: "cli_x", user: "usr_x", cause: "replay" },
  "rate_limit.exceeded": { what: "checks", limit: 5, window_seconds: 60, retry_after: 7 },
  "member.invited": { before: INVITATION, after: INVITATION },
  "member.joined": { after: { user: "usr_x", role: "owner", new_account: true } },
  "member.removed": { before: { ...INVITATION, status: "active", user: "usr_x" } },
  "role.created": { after: ROLE },
  "role.updated": { before: { name: "q" }, after: { name: "r" } },
  "role.deleted": { before: ROLE },
  "team.updated": { before: { preferences: {} }, after: { preferences: { a: [1] } } },
  "team.suspended": { before: { status: "active" }, after: { status: "suspended" } },
  "token.leaked": { after: { kind: "pat", reported_by: "github", source: "content", url: null } },
  "webhook.disabled": { before: { status: "enabled" }, after: { status: "disabled", reason: "gone" } },
  [TEST_EVENT_TYPE]: null,
};

type Json = Record<string, unknown>;

function bodyOf(type: ToldType, detail: object | null = DETAILS[type]): Json {
  const text = eventBody({
    id: "evt_01kf000000abcdefghjkmnpqrs",
    type,
    team: "team_x",
    region: "us",
    createdAt: NOW,
    subject: "x",
    sequence: 3,
    actor: { id: "operator", owner: "operator" },
    detail: detail as Json | null,
  });
  return JSON.parse(text) as Json;
}

const passes = (type: ToldType, body: unknown): boolean => v.safeParse(eventSchema(type), body).success;

/** Every object in a body, by the way to it. */
function objectsIn(value: unknown, at: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  // What somebody else's own object holds is theirs.
  if (at.at(-1) === "preferences") return [];
  return [at, ...Object.entries(value).flatMap(([name, member]) => objectsIn(member, [...at, name]))];
}

/** The body with one object in it changed by the test. */
function changed(body: Json, at: readonly string[], change: (object: Json) => void): Json {
  const copy = structuredClone(body);
  change(at.reduce<Json>((object, name) => object[name] as Json, copy));
  return copy;
}

test("each type of the contract and the test has a schema and a sentence, and nothing else has", () => {
  expect(TOLD_TYPES.toSorted()).toEqual([...EVENT_TYPES, TEST_EVENT_TYPE].toSorted());
  for (const type of TOLD_TYPES) expect(EVENT_SUMMARIES[type]).toMatch(/\.$/);
});

describe.each(TOLD_TYPES)("the schema of %s", (type) => {
  const body = bodyOf(type);

  test("takes what is sent", () => {
    expect(v.safeParse(eventSchema(type), body).issues).toBeUndefined();
  });

  test("takes it without what is too long, which then says so", () => {
    const long = bodyOf(type, { ...DETAILS[type], after: { name: "x".repeat(30_000) } });
    expect(long["data"]).toMatchObject({ truncated: true });
    expect(passes(type, long)).toBe(true);
    expect(
      passes(
        type,
        changed(long, ["data"], (data) => delete data["truncated"]),
      ),
    ).toBe(type === TEST_EVENT_TYPE || isWhole(type));
  });

  test("takes no member more in any of its objects", () => {
    for (const at of objectsIn(body)) {
      expect(
        passes(
          type,
          changed(body, at, (object) => Object.assign(object, { more: 1 })),
        ),
        at.join("."),
      ).toBe(false);
    }
  });

  test("takes no body without one of the members that every body has", () => {
    for (const [at, members] of [
      [[], ["id", "type", "team", "region", "created_at", "data"]],
      [["data"], ["id", "sequence", "actor"]],
      [
        ["data", "actor"],
        ["id", "owner"],
      ],
    ] as const) {
      for (const member of members) {
        expect(
          passes(
            type,
            changed(body, at, (object) => delete object[member]),
          ),
          member,
        ).toBe(false);
      }
    }
  });

  test("takes no other type's, and none that is numbered or dated wrongly", () => {
    const other = type === "role.created" ? "role.deleted" : "role.created";
    expect(passes(other, body)).toBe(false);
    for (const [at, wrong] of [
      [[], { id: "msg_1" }],
      [[], { created_at: 1_700_000_000 }],
      [["data"], { sequence: 0 }],
      [["data"], { sequence: "3" }],
      [["data"], { actor: "operator" }],
      [["data"], { truncated: false }],
    ] as const) {
      expect(
        passes(
          type,
          changed(body, at, (object) => Object.assign(object, wrong)),
        ),
      ).toBe(false);
    }
  });

  test("takes no detail with a member of another kind", () => {
    const own = new Set(["id", "sequence", "actor"]);
    for (const at of objectsIn(body).filter(([first, second]) => first === "data" && second !== "actor")) {
      const object = at.reduce<Json>((inner, name) => inner[name] as Json, body);
      for (const member of Object.keys(object).filter((name) => !(at.length === 1 && own.has(name)))) {
        const wrong = changed(body, at, (inner) => Object.assign(inner, { [member]: [[1]] }));
        expect(passes(type, wrong), `${at.join(".")}.${member}`).toBe(false);
      }
    }
  });
});

/** Whether what is left of a cut body says all that its type says: it has neither `before` nor `after`. */
function isWhole(type: ToldType): boolean {
  const detail = DETAILS[type] ?? {};
  return !("before" in detail) && !("after" in detail);
}
