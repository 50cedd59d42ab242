import fc from "fast-check";
import { expect, test } from "vitest";
import { nextPath } from "../../src/routes/console/next-path.ts";

const ORIGIN = "https://jeton.test";
const request = new Request(`${ORIGIN}/signin`);

test.each([
  "/console",
  "/console/acme/access-tokens?limit=5",
  "/oauth/v2/auth?client_id=a&redirect_uri=https%3A%2F%2Fapp.example%2F&state=%26",
  "/device?user_code=ABCD-EFGH",
  "/device/",
])("signing in leads to %s", (path) => {
  expect(nextPath(path, request)).toBe(path);
});

test.each([
  null,
  "",
  "console",
  "//evil.example/console",
  "/\\evil.example/console",
  "\\/evil.example/console",
  "/\t/evil.example/console",
  "https://evil.example/console",
  "https://jeton.test.evil.example/console",
  "javascript:alert(1)//console",
  "/console/../signout",
  "/console/%2e%2e/v1/teams",
  "/consoles",
  "/deviceful",
  "/oauth/v2",
  "/oauth/v1/auth",
  "/v1/teams",
  "/signin/sso/callback?code=a",
  `/console/${"a".repeat(10_000)}`,
])("signing in does not lead to %s", (path) => {
  expect(nextPath(path, request)).toBe("/console");
});

test("whatever is asked for, signing in stays on this origin and on pages for people", () => {
  const parts = [
    "/",
    "\\",
    "//",
    "console",
    "..",
    ".",
    "%2e",
    "@",
    ":",
    "evil.example",
    "\t",
    "\n",
    "?",
    "#",
    "device",
    "oauth/v2/",
  ];
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constantFrom(...parts), fc.string()), { maxLength: 8 }), (some) => {
      const url = new URL(nextPath(some.join(""), request), ORIGIN);
      expect(url.origin).toBe(ORIGIN);
      expect(url.pathname).toMatch(/^\/(?:console|device)(?:$|\/)|^\/oauth\/v2\//);
    }),
  );
});
