import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isRedirectUri,
  isScriptOrigin,
  isWebPage,
  MAX_URI,
  redirectMatches,
} from "../../src/domain/redirect-uri.ts";

const GOOD = [
  "https://app.example/cb",
  "https://app.example",
  "https://app.example/cb?tenant=1&x=%20",
  "https://app.example:8443/cb",
  "https://xn--bcher-kva.example/cb",
  "https://intranet/cb",
  "https://203.0.113.7/cb",
  "https://[2001:db8::1]:8443/cb",
  "http://localhost/cb",
  "http://localhost:3000/cb",
  "http://127.0.0.1:8080/cb",
  "http://[::1]:8080/cb",
];

const PRIVATE_USE = ["com.example.app:/cb", "com.example.app:/", "com.example.app://cb?x=1", "a.b-c+d:/x"];

const BAD = {
  "is relative": ["/cb", "//app.example/cb", "app.example/cb", "", "https:/app.example", "https:app.example"],
  "has a fragment": ["https://app.example/cb#", "https://app.example/#/cb", "com.example.app:/cb#x"],
  "has user information": ["https://user@app.example/", "https://u:p@app.example/", "https://@app.example/"],
  "has a wildcard": ["https://*.app.example/cb", "https://app.example/*", "https://app.example/?x=*"],
  "is not secure": [
    "http://app.example/cb",
    "http://10.0.0.1/cb",
    "http://127.0.0.2/cb",
    "http://localhost.example/",
  ],
  "only looks like a loopback address": [
    "http://127.0.0.1.evil.example/",
    "http://localhost@evil.example/",
    "http://127.1/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://[::]/",
    "http://LOCALHOST:80/",
    "http://localhost./",
  ],
  "runs something": [
    "javascript:alert(1)",
    "javascript://app.example/%0aalert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "about:blank",
    "blob:https://app.example/x",
    "ftp://app.example/",
    "ws://localhost/",
  ],
  "parsers read differently": [
    "https://app.example\\@evil.example/",
    "https:\\\\app.example/",
    "https://app.example%2f@evil.example/",
    "https://app%2eexample/",
    "https://app.example/\n",
    "https://app.example/\tcb",
    " https://app.example/",
    "https://app.example /",
    "https://bücher.example/",
    "https://app.example/ü",
    "https://app.example/%zz",
    "https://app.example/%",
    "HTTPS://app.example/",
    "https://app.example:/",
    "https://app.example:0/",
    "https://app.example:080/",
    "https://app.example:65536/",
    "https://app..example/",
    "https://-app.example/",
    "https://[::1/",
    "https://[evil.example]/",
    "https://1.2.3/",
    "https://256.1.1.1/",
    `https://app.example/${"x".repeat(MAX_URI)}`,
  ],
};

describe("a redirect URI", () => {
  test.each(GOOD)("may be %s, of a page and of a program", (uri) => {
    expect(isRedirectUri("web", uri)).toBe(true);
    expect(isRedirectUri("native", uri)).toBe(true);
  });

  test.each(PRIVATE_USE)("may be %s of a program alone", (uri) => {
    expect(isRedirectUri("native", uri)).toBe(true);
    expect(isRedirectUri("web", uri)).toBe(false);
  });

  test.each(Object.entries(BAD).flatMap(([why, uris]) => uris.map((uri) => [why, uri] as const)))(
    "is refused when it %s: %j",
    (_why, uri) => {
      expect(isRedirectUri("web", uri)).toBe(false);
      expect(isRedirectUri("native", uri)).toBe(false);
    },
  );

  test.each([
    "myapp:/cb",
    "myapp://cb",
    "com.example.app:cb",
    "Com.Example.App:/cb",
    "com..app:/cb",
    "com.example.app://u@h/",
  ])("is refused when its scheme is nobody's own, or is not written plainly: %s", (uri) =>
    expect(isRedirectUri("native", uri)).toBe(false),
  );

  test("that is let through is read by the platform as it was written: same scheme, same host, nobody's name in it", () => {
    const piece = fc.constantFrom(
      "https",
      "http",
      ":",
      "/",
      "//",
      "@",
      "\\",
      "#",
      "?",
      "%2f",
      ".",
      "[::1]",
      "localhost",
      "127.0.0.1",
      "evil.example",
      "app",
      "com.x",
      ":80",
      "*",
      "\t",
      "ü",
      " ",
    );
    const uri = fc.oneof(
      fc.webUrl({ withQueryParameters: true, withFragments: true }),
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
      fc.array(piece, { maxLength: 8 }).map((pieces) => `https://${pieces.join("")}`),
      fc.string({ maxLength: 40 }),
    );
    fc.assert(
      fc.property(uri, (text) => {
        if (!isRedirectUri("native", text)) return;
        const url = new URL(text);
        expect([url.hash, url.username, url.password]).toEqual(["", "", ""]);
        expect(text.toLowerCase().startsWith(`${url.protocol}${url.host === "" ? "" : "//"}`)).toBe(true);
        if (url.protocol === "http:") expect(["localhost", "127.0.0.1", "[::1]"]).toContain(url.hostname);
        else if (url.protocol !== "https:") expect(url.protocol).toContain(".");
        else expect(text.slice("https://".length).toLowerCase().startsWith(url.hostname)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("a redirect URI that was sent", () => {
  test("matches the same text, for every type that has any", () => {
    for (const type of ["browser", "server", "mobile"] as const) {
      for (const uri of GOOD) expect(redirectMatches(uri, uri, type)).toBe(true);
    }
  });

  test.each([
    ["http://127.0.0.1/cb", "http://127.0.0.1:49152/cb"],
    ["http://127.0.0.1:1/cb?x=1", "http://127.0.0.1/cb?x=1"],
    ["http://[::1]:8080/cb", "http://[::1]:49152/cb"],
    ["http://localhost/", "http://localhost:49152/"],
  ])("of a program matches on any port of the loopback address: %s and %s", (registered, sent) => {
    expect(redirectMatches(registered, sent, "mobile")).toBe(true);
    expect(redirectMatches(registered, sent, "server")).toBe(false);
    expect(redirectMatches(registered, sent, "browser")).toBe(false);
  });

  test.each([
    ["http://127.0.0.1/cb", "http://127.0.0.1:49152/cb/"],
    ["http://127.0.0.1/cb", "http://127.0.0.1:49152/CB"],
    ["http://127.0.0.1/cb", "http://127.0.0.1:49152/cb?x=1"],
    ["http://127.0.0.1/cb", "http://localhost:49152/cb"],
    ["http://127.0.0.1/cb", "http://[::1]:49152/cb"],
    ["http://127.0.0.1/cb", "https://127.0.0.1:49152/cb"],
    ["http://127.0.0.1/cb", "http://127.0.0.1:99999/cb"],
    ["http://127.0.0.1/cb", "http://127.0.0.1:1@evil.example/cb"],
    ["http://127.0.0.1/cb", "http://127.0.0.1:/cb"],
    ["http://127.0.0.1", "http://127.0.0.1:1/"],
    ["https://app.example/cb", "https://app.example:8443/cb"],
    ["https://localhost/cb", "https://localhost:8443/cb"],
    ["com.example.app:/cb", "com.example.app:/cb2"],
    ["https://app.example/cb", "https://app.example/cb/../cb"],
    ["https://app.example/cb", "https://app.example/cb#x"],
  ])("of a program matches in nothing else: %s, but not %s", (registered, sent) => {
    expect(redirectMatches(registered, sent, "mobile")).toBe(false);
  });

  test("never leads anywhere else than the registered one, whatever is sent", () => {
    const part = fc.constantFrom(
      "http://",
      "https://",
      "127.0.0.1",
      "localhost",
      "[::1]",
      ":80",
      ":49152",
      "/cb",
      "?x",
      "@",
      "evil.example",
      "#",
      "..",
      "%2e",
      "\\",
    );
    const sent = fc.array(part, { maxLength: 7 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.constantFrom(...GOOD, ...PRIVATE_USE), sent, (registered, text) => {
        if (!redirectMatches(registered, text, "mobile") || text === registered) return;
        const [ours, theirs] = [new URL(registered), new URL(text)];
        theirs.port = ours.port;
        expect(theirs.href).toBe(ours.href);
        expect(ours.protocol).toBe("http:");
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("an origin of scripts", () => {
  test.each([
    "https://app.example",
    "https://app.example:8443",
    "http://localhost:3000",
    "http://127.0.0.1:1",
    "http://[::1]:1",
  ])("may be %s, as browsers write it", (origin) => {
    expect(isScriptOrigin(origin)).toBe(true);
    expect(new URL(origin).origin).toBe(origin);
  });

  test.each([
    "https://app.example/",
    "https://app.example/x",
    "https://app.example?x",
    "https://app.example#",
    "https://app.example:443",
    "http://localhost:80",
    "https://App.example",
    "http://app.example",
    "https://u@app.example",
    "https://*.app.example",
    "null",
    "*",
    "",
    "com.example.app:/",
  ])("is not %j", (origin) => expect(isScriptOrigin(origin)).toBe(false));
});

describe("a home page", () => {
  test.each(["https://app.example/#/about", "http://www.app.example", "https://app.example/x?y=z"])(
    "may be %s",
    (url) => expect(isWebPage(url)).toBe(true),
  );

  test.each([
    "javascript:alert(1)",
    "data:text/html,x",
    "https://u:p@app.example/",
    "/about",
    "",
    "https://a b/",
  ])("is not %j", (url) => expect(isWebPage(url)).toBe(false));
});
