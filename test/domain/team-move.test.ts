import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isMovedKind,
  MOVED_KINDS,
  moveClaims,
  readMoveStatement,
  type MoveStatement,
} from "../../src/domain/team-move.ts";

const id = (prefix: string) =>
  fc
    .array(fc.constantFrom(...Array.from("0123456789abcdefghjkmnpqrstvwxyz")), {
      minLength: 24,
      maxLength: 24,
    })
    .map((digits) => `${prefix}_01${digits.join("")}`);
const hash = fc
  .array(fc.constantFrom(...Array.from("0123456789abcdef")), { minLength: 64, maxLength: 64 })
  .map((digits) => digits.join(""));
const time = fc.nat({ max: 8_640_000_000_000 });
const statements: fc.Arbitrary<MoveStatement> = fc.record({
  move: id("mov"),
  team: id("team"),
  step: fc.constantFrom("handed_over", "taken", "declined"),
  startedAt: time,
  sha256: fc.option(hash),
  notBefore: fc.option(time),
});

const SOUND: MoveStatement = {
  move: "mov_0123456789abcdefghjkmnpqrs",
  team: "team_0123456789abcdefghjkmnpqrs",
  step: "handed_over",
  startedAt: 1,
  sha256: "0".repeat(64),
  notBefore: 2,
};

function claims(more: object = {}): Record<string, unknown> {
  const { move } = moveClaims(SOUND) as { move: object };
  return { move: { ...move, ...more } };
}

describe("a statement of a move", () => {
  test("is read as it was written, through JSON, and whatever claims stand beside it", () => {
    fc.assert(
      fc.property(statements, (statement) => {
        const sent: unknown = JSON.parse(JSON.stringify({ iss: "x", ...moveClaims(statement) }));
        expect(readMoveStatement(sent as Record<string, unknown>)).toEqual(statement);
      }),
    );
  });

  test("is null for whatever else stands there, and never a fault", () => {
    expect(readMoveStatement(claims())).toEqual(SOUND);
    fc.assert(fc.property(fc.jsonValue(), (move) => readMoveStatement({ move }) === null));
  });

  test.each([
    ["no move", { id: undefined }],
    ["the id of something else", { id: SOUND.team }],
    ["a team's id that is none", { team: "team_x" }],
    ["a team in the place of the move", { team: SOUND.move }],
    ["no step", { step: undefined }],
    ["a state that no region swears to", { step: "confirmed" }],
    ["a name of every object", { step: "toString" }],
    ["a time before 1970", { started_at: -1 }],
    ["half a millisecond", { started_at: 0.5 }],
    ["a time as a text", { started_at: "1" }],
    ["a hash that is too short", { sha256: "0".repeat(63) }],
    ["a hash in capitals", { sha256: "A".repeat(64) }],
    ["a hash with something behind it", { sha256: `${"0".repeat(64)}\n` }],
    ["no word of a hash", { sha256: undefined }],
    ["no word of when it may live", { not_before: undefined }],
  ])("is none with %s", (_, more) => {
    expect(readMoveStatement(claims(more))).toBeNull();
  });
});

test("only what is listed is a kind of row", () => {
  for (const kind of MOVED_KINDS) expect(isMovedKind(kind)).toBe(true);
  for (const kind of ["users", "sessions", "", "TEAM", "toString"]) expect(isMovedKind(kind)).toBe(false);
});
