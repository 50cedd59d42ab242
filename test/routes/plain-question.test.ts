import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkBody, plainQuestion } from "../../src/routes/api/check.ts";
import { validate } from "../../src/routes/body.ts";

/** A member as a body may write it: the name, and a text that is JSON. */
type WrittenMember = readonly [name: string, json: string];

/** The members that the schema knows now: one that it gains is asked about without a change here. */
const MEMBERS = Object.keys(checkBody.entries);

const HOSTILE = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "Token", "costs", ""];

const ADDRESSES = ["203.0.113.7", "::1", "2001:db8::1", "::ffff:192.0.2.1", "0.0.0.0"];

const permission = fc.constantFrom("EMM.Devices.VIEW", "EMM.Team.VIEW", "", "__proto__", "No.Such.THING");

/** Valid for one member or another, or nearly. */
const anyJson: fc.Arbitrary<string> = fc.oneof(
  fc.array(permission, { maxLength: 4 }).map((list) => JSON.stringify(list)),
  fc
    .constantFrom(...ADDRESSES, "10.0.0.0/8", "10.0.0.1:80", "010.0.0.1", " ::1", "")
    .map((each) => JSON.stringify(each)),
  fc.string({ unit: "binary" }).map((text) => JSON.stringify(text)),
  fc.constantFrom("0", "1", "1.0", "1e0", "-1", "1.5", "2", "9007199254740992", "1e400", '"1"', "true"),
  fc.constantFrom("null", "{}", "[]", "[1]", '["a",null]', "[[]]", '{"0":"a","length":1}', '{"length":0}'),
  fc.constantFrom(199, 200, 201).map((length) => JSON.stringify(Array.from({ length }, () => "a"))),
  fc.json({ maxDepth: 2 }),
);

const anyMember: fc.Arbitrary<WrittenMember> = fc.tuple(
  fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...MEMBERS) },
    { weight: 1, arbitrary: fc.constantFrom(...HOSTILE) },
  ),
  anyJson,
);

/** What a service sends in each member, when it sends what it should. */
const USUAL = {
  token: fc.string().map((text) => JSON.stringify(text)),
  permissions: fc.array(permission, { maxLength: 200 }).map((list) => JSON.stringify(list)),
  team: fc.string().map((text) => JSON.stringify(text)),
  ip: fc.constantFrom(...ADDRESSES).map((text) => JSON.stringify(text)),
  cost: fc.constantFrom("1", "1.0", "10e-1"),
};

const usualMembers: fc.Arbitrary<WrittenMember[]> = fc
  .record(USUAL, { requiredKeys: ["token"] })
  .map((members) => Object.entries(members));

/** A usual question, and what somebody added to it or put in the place of something. */
const anyMembers = fc
  .tuple(usualMembers, fc.array(anyMember, { maxLength: 2 }))
  .chain(([usual, others]) => fc.shuffledSubarray([...usual, ...others]));

function bodyOf(members: readonly WrittenMember[]): unknown {
  return JSON.parse(`{${members.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(",")}}`);
}

function expectAsTheSchemaSays(value: unknown): void {
  const plain = plainQuestion(value);
  if (plain === null) return;
  const text = JSON.stringify(value);
  expect(validate(checkBody, value)).toEqual({ ok: true, value: plain });
  expect(JSON.stringify(value)).toBe(text);
}

describe("a question in the plain form", () => {
  test("is exactly what the schema makes of it, whatever JSON was sent", () => {
    fc.assert(
      fc.property(anyMembers, (members) => expectAsTheSchemaSays(bodyOf(members))),
      { numRuns: 5_000 },
    );
    fc.assert(fc.property(fc.jsonValue(), expectAsTheSchemaSays));
  });

  test("is what all usual ones have", () => {
    fc.assert(
      fc.property(usualMembers, (members) => {
        expect(plainQuestion(bodyOf(members))).not.toBeNull();
      }),
    );
  });

  test("asks for nothing and costs 1, where that was left out", () => {
    expect(plainQuestion({ token: "x" })).toEqual({ token: "x", permissions: [], cost: 1 });
  });

  test.each([
    "null",
    "7",
    '"token"',
    "[]",
    '[{"token":"x"}]',
    "{}",
    '{"token":null}',
    '{"token":["x"]}',
    '{"Token":"x"}',
    '{"token":"x","__proto__":{}}',
    '{"__proto__":{"token":"x"}}',
    '{"token":"x","constructor":1}',
    '{"token":"x","unknown":true}',
    '{"token":"x","":0}',
    '{"token":"x","permissions":null}',
    '{"token":"x","permissions":"EMM.Devices.VIEW"}',
    '{"token":"x","permissions":{"length":0}}',
    '{"token":"x","permissions":["EMM.Devices.VIEW",1]}',
    '{"token":"x","permissions":[["EMM.Devices.VIEW"]]}',
    `{"token":"x","permissions":${JSON.stringify(Array.from({ length: 201 }, () => "EMM.Devices.VIEW"))}}`,
    '{"token":"x","team":null}',
    '{"token":"x","team":1}',
    '{"token":"x","ip":null}',
    '{"token":"x","ip":""}',
    '{"token":"x","ip":"10.0.0.0/8"}',
    '{"token":"x","ip":["::1"]}',
    '{"token":"x","cost":null}',
    '{"token":"x","cost":"1"}',
    '{"token":"x","cost":true}',
    '{"token":"x","cost":0}',
    '{"token":"x","cost":-1}',
    '{"token":"x","cost":1.5}',
    '{"token":"x","cost":2}',
    '{"token":"x","proof":null}',
    '{"token":"x","proof":{"jwt":"a","method":"GET","url":"https://api.example"}}',
  ])("is not %s: the schema decides, and says what is wrong", (json) => {
    expect(plainQuestion(JSON.parse(json))).toBeNull();
  });
});
