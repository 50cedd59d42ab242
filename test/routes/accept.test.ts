import { describe, expect, test } from "vitest";
import { acceptsAny } from "../../src/routes/accept.ts";

const JSON_ALONE = ["application/json"];
const EITHER = ["application/json", "text/csv"];

describe("an Accept header", () => {
  test.each([
    null,
    "",
    "  ",
    "*/*",
    "application/*",
    "application/json",
    "APPLICATION/JSON;q=0.1",
    "text/html, */*;q=0.1",
  ])("%j takes JSON", (accept) => {
    expect(acceptsAny(accept, JSON_ALONE)).toBe(true);
  });

  test.each([
    "text/csv",
    "text/*",
    "application/json;q=0",
    "*/*, application/json;q=0.0",
    "application/*;q=0,*/*",
    "json",
  ])("%j does not take JSON", (accept) => {
    expect(acceptsAny(accept, JSON_ALONE)).toBe(false);
  });

  test.each([
    ["text/csv", true],
    ["text/*;q=0.5", true],
    ["application/json", true],
    ["application/json;q=0", false],
    ["*/*;q=0", false],
    ["*/*;q=0, text/csv", true],
    ["text/plain", false],
  ])("%j takes JSON or CSV: %j", (accept, taken) => {
    expect(acceptsAny(accept, EITHER)).toBe(taken);
  });
});
