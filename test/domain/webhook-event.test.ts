import { describe, expect, test } from "vitest";
import { EVENT_TYPES, eventBody, isEventType, TEST_EVENT_TYPE } from "../../src/domain/webhook-event.ts";

const event = {
  id: "evt_1",
  type: "role.updated",
  team: "team_1",
  region: "eu",
  createdAt: "2026-11-22T10:00:00.000Z",
  subject: "rol_1",
  sequence: 7,
  actor: { id: "tok_1", owner: "usr_1" },
  detail: { before: { name: "a" }, after: { name: "b" } },
};

const bytesOf = (text: string) => new TextEncoder().encode(text).byteLength;

describe("the types of events", () => {
  test("are those of the contract, each once", () => {
    const families = {
      access_token: "created|revoked|expiring",
      client: "created|deleted|secret_rotated",
      grant: "accepted|denied|revoked",
      refresh_token: "evicted|reuse_detected",
      rate_limit: "exceeded",
      member: "invited|joined|removed",
      role: "created|updated|deleted",
      team: "updated|suspended",
      token: "leaked",
      webhook: "disabled",
    };
    const listed = Object.entries(families).flatMap(([noun, verbs]) =>
      verbs.split("|").map((verb) => `${noun}.${verb}`),
    );
    expect([...EVENT_TYPES].toSorted()).toEqual(listed.toSorted());
  });

  test("do not include the test event, nor what objects are born with", () => {
    expect(["role.created", TEST_EVENT_TYPE, "constructor", ""].map(isEventType)).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});

describe("the body of a message", () => {
  test("says what happened to what, by whom and in which order", () => {
    expect(JSON.parse(eventBody(event))).toEqual({
      id: "evt_1",
      type: "role.updated",
      team: "team_1",
      region: "eu",
      created_at: "2026-11-22T10:00:00.000Z",
      data: {
        id: "rol_1",
        sequence: 7,
        actor: { id: "tok_1", owner: "usr_1" },
        before: { name: "a" },
        after: { name: "b" },
      },
    });
  });

  test("without a detail says the rest", () => {
    const { data } = JSON.parse(eventBody({ ...event, detail: null })) as { data: object };
    expect(Object.keys(data)).toEqual(["id", "sequence", "actor"]);
  });

  test("lets no detail take the place of what it says itself", () => {
    const detail = { id: "forged", sequence: 0, actor: "forged", __proto__: { x: 1 }, note: "kept" };
    const { data } = JSON.parse(eventBody({ ...event, detail })) as { data: object };
    expect(data).toEqual({ id: "rol_1", sequence: 7, actor: { id: "tok_1", owner: "usr_1" }, note: "kept" });
  });

  test("is the same, byte by byte, each time", () => {
    const copy = JSON.parse(JSON.stringify(event)) as typeof event;
    expect(eventBody(copy)).toBe(eventBody(event));
  });

  test.each([
    ["letters", "x", 1],
    ["two bytes each", "é", 2],
    ["three bytes each", "日", 3],
    ["four bytes each", "😀", 4],
  ])("stays under 20,000 bytes: what is too long goes, and that is said (%s)", (_, character, size) => {
    const empty = bytesOf(eventBody({ ...event, detail: { after: { text: "" } } }));
    const fits = character.repeat(Math.floor((20_000 - empty) / size));
    const whole = eventBody({ ...event, detail: { after: { text: fits } } });
    expect(whole).toContain(fits);
    expect(bytesOf(whole)).toBeLessThanOrEqual(20_000);
    const cut = eventBody({ ...event, detail: { after: { text: fits + character }, note: "kept" } });
    expect((JSON.parse(cut) as { data: object }).data).toEqual({
      id: "rol_1",
      sequence: 7,
      actor: { id: "tok_1", owner: "usr_1" },
      note: "kept",
      truncated: true,
    });
  });

  test("gives up the rest of a detail too where that alone is too long", () => {
    const cut = eventBody({ ...event, detail: { note: "x".repeat(20_000) } });
    expect((JSON.parse(cut) as { data: object }).data).toMatchObject({ truncated: true });
    expect(bytesOf(cut)).toBeLessThan(1_000);
  });
});
