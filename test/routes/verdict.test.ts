import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { REGION_CODES, type RegionCode } from "../../src/domain/region.ts";
import type { KeyedService } from "../../src/operations/identify-caller.ts";
import type { Verdict } from "../../src/operations/verdict.ts";
import { presentVerdict, writeAllowed } from "../../src/routes/api/verdict.ts";

type Token = NonNullable<Verdict["token"]>;

const ORIGINS = Object.fromEntries(
  REGION_CODES.map((code) => [code, `https://tokens.example/${code}`]),
) as Record<RegionCode, string>;

const TOKEN: Token = {
  id: "tok_1",
  hash: "0",
  teamId: "team_1",
  kind: "pat",
  name: "CI",
  profileId: null,
  clientId: null,
  userId: null,
  grantId: null,
  audience: null,
  permissions: ["EMM.Devices.VIEW", "EMMPlus.Devices.VIEW", "MDMOnDemand.MDMUser.READ"],
  allowedIps: null,
  rateLimit: null,
  rateWindowSeconds: null,
  createdAt: 0,
  createdBy: "operator",
  expiresAt: null,
  lastUsedAt: null,
  revokedAt: null,
  revokedBy: null,
  teamStatus: "active",
  teamPlan: "free",
  membership: null,
} as unknown as Token;

function allowed(token: Token, asOf = 0): Verdict {
  return { refusal: null, known: token, token, strict: false, rateLimit: null, asOf };
}

function seeing(catalogues: string[] | null): KeyedService {
  return {
    id: "svc_1",
    name: "Devices",
    catalogues,
    resource: null,
    createdAt: 0,
    deletedAt: null,
    keyExpiresAt: null,
  };
}

function presented(verdict: Verdict, service: KeyedService) {
  return presentVerdict(verdict, service, "en", ORIGINS);
}

function permissionsIn(text: string | null): string[] {
  return (JSON.parse(text ?? "null") as { token: { permissions: string[] } }).token.permissions;
}

const text = fc.string({ unit: "binary" });
const textOrNone = fc.option(text);
/** What a date can say. */
const time = fc.integer({ min: 0, max: 8_640_000_000_000_000 });
const service = fc.constantFrom("EMM", "EMMPlus", "MDMOnDemand");

const anyToken: fc.Arbitrary<Token> = fc
  .record({
    id: text,
    kind: fc.constantFrom("pat", "at"),
    teamId: text,
    name: text,
    profileId: textOrNone,
    clientId: textOrNone,
    userId: textOrNone,
    permissions: fc.array(service.map((name) => `${name}.Devices.VIEW`)),
    expiresAt: fc.option(time),
  })
  .map((members) => ({ ...TOKEN, ...members }));

const anyService = fc.option(fc.uniqueArray(service, { minLength: 1 })).map(seeing);

/** Questions about few tokens, by few services, in any order. */
const anyRun = fc
  .record({
    tokens: fc.array(anyToken, { minLength: 1, maxLength: 3 }),
    services: fc.array(anyService, { minLength: 1, maxLength: 3 }),
    times: fc.array(time, { minLength: 1, maxLength: 2 }),
  })
  .chain(({ tokens, services, times }) =>
    fc.array(
      fc.record({
        token: fc.constantFrom(...tokens),
        service: fc.constantFrom(...services),
        asOf: fc.constantFrom(...times),
      }),
      { maxLength: 12 },
    ),
  );

describe("a verdict that is put together from parts", () => {
  test("is to the letter what the whole one is as JSON, whoever asked about what before", () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        for (const { token, service: asker, asOf } of run) {
          const verdict = allowed(token, asOf);
          const written = writeAllowed(verdict, asker);
          const whole = presented(verdict, asker);
          expect(written).toBe(JSON.stringify(whole));
          expect(JSON.parse(written ?? "null")).toEqual(whole);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("shows services with other catalogues the permissions of theirs alone, in whichever order they ask", () => {
    const seen: [string[] | null, string[]][] = [
      [null, [...TOKEN.permissions]],
      [["EMM"], ["EMM.Devices.VIEW"]],
      [["EMMPlus"], ["EMMPlus.Devices.VIEW"]],
      [
        ["EMM", "EMMPlus"],
        ["EMM.Devices.VIEW", "EMMPlus.Devices.VIEW"],
      ],
      [["MDMOnDemand"], ["MDMOnDemand.MDMUser.READ"]],
      [["EnterpriseCommunications"], []],
    ];
    for (const [first] of seen) {
      for (const [second, permissions] of seen) {
        writeAllowed(allowed(TOKEN), seeing(first));
        expect(permissionsIn(writeAllowed(allowed(TOKEN), seeing(second)))).toEqual(permissions);
        expect(permissionsIn(writeAllowed(allowed(TOKEN), seeing(second)))).toEqual(permissions);
      }
    }
  });

  test("is written anew for a record that took another's place", () => {
    const before: Token = { ...TOKEN };
    expect(permissionsIn(writeAllowed(allowed(before), seeing(null)))).toHaveLength(3);
    const after: Token = { ...before, permissions: ["EMM.Devices.VIEW"] };
    expect(permissionsIn(writeAllowed(allowed(after), seeing(null)))).toEqual(["EMM.Devices.VIEW"]);
    expect(permissionsIn(writeAllowed(allowed(before), seeing(null)))).toHaveLength(3);
  });

  test("says as of when this one is true, though the token's part was written before", () => {
    for (const asOf of [1_000, 1_000, 2_000, 1_000, 0]) {
      const written = JSON.parse(writeAllowed(allowed(TOKEN, asOf), seeing(null)) ?? "null") as object;
      expect(written).toHaveProperty("as_of", new Date(asOf).toISOString());
    }
  });

  test("is none of those that refuse, know no token or count against a limit", () => {
    const whole = allowed(TOKEN);
    const others: Verdict[] = [
      { ...whole, refusal: { kind: "revoked_token" } },
      { ...whole, refusal: { kind: "missing_permission", missing: ["EMM.Team.VIEW"] } },
      { ...whole, refusal: { kind: "unknown_token" }, known: null, token: null },
      { ...whole, refusal: { kind: "wrong_team" }, token: null },
      { ...whole, token: null },
      { ...whole, rateLimit: { limit: 10, remaining: 9, resetSeconds: 60 } },
    ];
    writeAllowed(whole, seeing(null));
    for (const verdict of others) expect(writeAllowed(verdict, seeing(null))).toBeNull();
  });
});
