import { expect, test } from "vitest";
import { fill, fillCount, type Template, type Written } from "../../src/routes/console/words/fill.ts";

const ENGLISH = {
  plain: "Sign out",
  hello: "{name} is in {team}",
  days: { one: "{count} day in {team}", other: "{count} days in {team}" },
} as const;
const words = ENGLISH as unknown as Written<typeof ENGLISH>;

test("a text is filled by name, whatever the values hold", () => {
  expect(fill(words.hello, { name: "{team}", team: "$& $1" })).toBe("{team} is in $& $1");
});

test("places may stand in another order, and more than once", () => {
  const turned = "{team}: {name}, {name}" as unknown as Template<"name" | "team">;
  expect(fill(turned, { name: "a", team: "b" })).toBe("b: a, a");
});

test("what is written in the other direction stands isolated, what is not stands as it is", () => {
  expect(fill(words.hello, { name: "عمر", team: "Acme" })).toBe("\u2068عمر\u2069 is in Acme");
  const arabic = "{name} في {team}" as unknown as Template<"name" | "team">;
  expect(fill(arabic, { name: "عمر", team: "Acme" })).toBe("عمر في \u2068Acme\u2069");
});

test("what is written in both directions stands isolated everywhere", () => {
  const isolated = "\u2068Omar (عمر)\u2069";
  expect(fill(words.hello, { name: "Omar (عمر)", team: "Acme" })).toBe(`${isolated} is in Acme`);
  const arabic = "{name} هنا" as unknown as Template<"name">;
  expect(fill(arabic, { name: "Omar (عمر)" })).toBe(`${isolated} هنا`);
});

test("a count takes the form that the language has for it, and its digits", () => {
  const count = (number: number) => fillCount(words.days, number, "en", { team: "Acme" });
  expect([1, 2, 1234].map(count)).toEqual(["1 day in Acme", "2 days in Acme", "1,234 days in Acme"]);
  const arabic = { two: "يومان", few: "{count} أيام", other: "{count} يوم" } as unknown as typeof words.days;
  expect(fillCount(arabic, 2, "ar", { team: "" })).toBe("يومان");
  expect(fillCount(arabic, 3, "ar", { team: "" })).toMatch(/^\P{L}+ أيام$/u);
  // A form that is not there.
  expect(fillCount(arabic, 1, "ar", { team: "" })).toMatch(/يوم$/);
});

test("the compiler wants each place filled, and no text shown before", () => {
  // @ts-expect-error -- a place is left out
  expect(fill(words.hello, { name: "a" })).toBe("a is in undefined");
  // @ts-expect-error -- a template is no string
  const shown: string = words.hello;
  // @ts-expect-error -- nothing to fill in
  expect(fill(words.plain, {})).toBe("Sign out");
  const plain: string = words.plain;
  expect([shown, plain]).toEqual([ENGLISH.hello, ENGLISH.plain]);
});
