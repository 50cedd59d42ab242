import fc from "fast-check";
import * as v from "valibot";
import { beforeAll, expect, test, vi } from "vitest";
import { ANSWER_SCHEMAS } from "../../../../src/routes/api/answer-schemas.ts";
import { apiRoutes } from "../../../../src/routes/api/table.ts";
import { issue, makeService, makeTeam, OPERATOR_KEY, sealed, send } from "../../support.ts";
import { goodBodyOf } from "./good-bodies.ts";

let team = "";
let credentials: readonly (string | null)[] = [];
beforeAll(async () => {
  team = (await makeTeam()).id;
  const { token } = await issue(team, { permission_sets: ["emm-full"] });
  const { key } = await makeService();
  credentials = [
    OPERATOR_KEY,
    OPERATOR_KEY,
    token,
    key,
    null,
    "garbage",
    sealed("pat"),
    sealed("rt"),
    `${token}x`,
  ];
});

// Forward-auth answers a bad service key with 500, by the contract.
const ROUTES = apiRoutes.filter(({ path }) => !path.startsWith("/v1/forward-auth"));

const MEMBERS = [
  ...new Set(
    ROUTES.flatMap(({ body }) => Object.keys((body as { entries?: object } | undefined)?.entries ?? {})),
  ),
  "limit",
  "window_seconds",
  "email",
  "operations",
];

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom(
    "",
    "x",
    "EMM.Devices.VIEW",
    "emm-full",
    "10.0.0.0/8",
    "::1",
    "https://a.example",
    "\ud800",
    "\u0000",
  ),
  fc.constantFrom("__proto__", "constructor", "' OR 1=1 --", "${x}", "../../etc", "9".repeat(400), "%00%ff"),
);

const scalar = fc.oneof(
  text,
  fc.boolean(),
  fc.constant(null),
  fc.integer(),
  fc.double(),
  fc.constantFrom(0, -0, -1, 1, 2 ** 31, 2 ** 53, 1e308, 5e-324),
);

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(text, fc.constantFrom(...MEMBERS)), tie("value"), { maxKeys: 4 }),
  ),
})).value;

const members = fc.dictionary(fc.constantFrom(...MEMBERS), value, { maxKeys: 6 });

/** What a body that would do is spoilt with: one of its members, and perhaps one that is not its own. */
const spoilt = fc.record({ place: fc.nat(), value, more: fc.option(members, { freq: 3 }) });

const body = fc.oneof(
  { weight: 3, arbitrary: members },
  { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }) },
  { weight: 1, arbitrary: fc.json() },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 1, max: 30_000 })
      .map((depth) => `{"name":${"[".repeat(depth)}${"]".repeat(depth)}}`),
  },
);

const headerText = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 30,
});

const headers = fc.record(
  {
    Accept: fc.oneof(headerText, fc.constantFrom("*/*", "application/json", "text/html;q=0")),
    "Accept-Language": fc.oneof(headerText, fc.constantFrom("de", "ar;q=0.1", "*")),
    "Content-Type": fc.oneof(headerText, fc.constantFrom("application/json", "text/plain")),
    "Content-Length": fc.constantFrom("0", "1", "-1", "99999999", "x", "1e3"),
    "If-Match": fc.oneof(headerText, fc.constantFrom("*", '"v1"')),
    "Idempotency-Key": headerText,
    "CF-Connecting-IP": fc.oneof(headerText, fc.constantFrom("10.0.0.1", "::1")),
    Authorization: headerText,
  },
  { requiredKeys: [] },
);

const request = fc.record({
  route: fc.constantFrom(...ROUTES),
  method: fc.option(fc.constantFrom("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"), { freq: 5 }),
  parameter: fc.oneof(text, fc.constantFrom("TEAM", "TEAM", "TEAM")),
  query: fc.option(
    fc.oneof(
      text,
      fc.webQueryParameters(),
      headerText.map((limit) => `limit=${limit}&cursor=${limit}`),
    ),
  ),
  headers,
  body: fc.oneof(
    body,
    spoilt.map((how) => ({ spoilt: how })),
  ),
  caller: fc.nat(8),
});

type Spoilt = {
  readonly spoilt: { readonly place: number; readonly value: unknown; readonly more: object | null };
};

function isSpoilt(sent: object | string): sent is Spoilt {
  return typeof sent === "object" && "spoilt" in sent;
}

function spoil(good: object, { spoilt: { place, value: wrong, more } }: Spoilt): object {
  const names = Object.keys(good);
  const name = names[place % (names.length + 1)];
  return { ...good, ...(name === undefined ? {} : { [name]: wrong }), ...more };
}

function encode(part: string): string {
  return encodeURIComponent(part.toWellFormed()) || "x";
}

test(
  "whatever is sent, no answer is our fault, and each refusal has the contract's shape",
  { timeout: 60_000 },
  async () => {
    const faults = vi.spyOn(console, "error");
    await fc.assert(
      fc.asyncProperty(request, async ({ route, method, parameter, query, body: sent, caller, ...rest }) => {
        const filled = route.path.replaceAll(/\{\w+\}/g, parameter === "TEAM" ? team : encode(parameter));
        const path = query === null ? filled : `${filled}?${encodeURI(query.toWellFormed())}`;
        const verb = method ?? route.method;
        const as = credentials[caller] ?? null;
        const withBody =
          verb === "GET" || verb === "HEAD"
            ? {}
            : { body: isSpoilt(sent) ? spoil(goodBodyOf(route), sent) : sent };
        const response = await send(verb, path, { as, headers: rest.headers, ...withBody });
        const answer = await response.text();
        expect(response.status, answer).toBeLessThan(500);
        if (response.status < 400 || verb === "HEAD") return;
        const { issues } = v.safeParse(ANSWER_SCHEMAS.Error, JSON.parse(answer));
        expect(issues, answer).toBeUndefined();
        expect(response.headers.get("Content-Language")).not.toBeNull();
      }),
      { numRuns: 400 },
    );
    expect(faults.mock.calls).toEqual([]);
    faults.mockRestore();
  },
);
