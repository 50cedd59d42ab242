import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CLIENT_TYPES } from "../../src/domain/client.ts";
import { REGION_CODES } from "../../src/domain/region.ts";
import {
  homeOf,
  readRegistration,
  registrationClaims,
  type EnabledClient,
  type Registration,
} from "../../src/domain/registration.ts";

const ID = "cli_eu_0123456789abcdefghjkmnpqrs";

const text = fc.string({ minLength: 1, maxLength: 100, unit: "grapheme" });
const time = fc.nat();

const enabled: fc.Arbitrary<EnabledClient> = fc.record({
  name: text,
  team: text,
  teamStatus: fc.constantFrom("active", "suspended"),
  homepageUrl: fc.option(text),
  redirectUris: fc.array(text),
  jsOrigins: fc.array(text),
  permissions: fc.array(text),
  jwks: fc.option(fc.record({ keys: fc.array(fc.record({ kty: text }), { minLength: 1, maxLength: 5 }) })),
  regions: fc.uniqueArray(fc.constantFrom(...REGION_CODES)),
  sameSecretEverywhere: fc.boolean(),
  createdAt: time,
  secrets: fc.array(
    fc.record({ hash: fc.stringMatching(/^[0-9a-f]{64}$/), createdAt: time, expiresAt: fc.option(time) }),
    { maxLength: 10 },
  ),
});

const registration: fc.Arbitrary<Registration> = fc.record({
  clientId: fc.constant(ID),
  type: fc.constantFrom(...CLIENT_TYPES),
  version: fc.integer({ min: 1 }),
  enabled: fc.option(enabled),
});

function sent(value: Registration): Record<string, unknown> {
  return JSON.parse(JSON.stringify(registrationClaims(value))) as Record<string, unknown>;
}

const SAMPLE: Registration = {
  clientId: ID,
  type: "server",
  version: 1,
  enabled: {
    name: "App",
    team: "team_x",
    teamStatus: "active",
    homepageUrl: null,
    redirectUris: [],
    jsOrigins: [],
    permissions: [],
    jwks: null,
    regions: [],
    sameSecretEverywhere: false,
    createdAt: 0,
    secrets: [],
  },
};

describe("a registration", () => {
  test("is read as it was written", () => {
    fc.assert(
      fc.property(registration, (value) => {
        expect(readRegistration(sent(value))).toEqual(value);
      }),
    );
  });

  test("is never made of anything else, and reading it never throws", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), (claims, client) => {
        expect(readRegistration({ ...claims, version: 1, client })).toBeNull();
      }),
    );
  });

  test.each(Object.keys((sent(SAMPLE)["client"] as object) ?? {}))("is none without %s", (member) => {
    const { client, ...claims } = sent(SAMPLE);
    const rest = Object.fromEntries(Object.entries(client as object).filter(([name]) => name !== member));
    expect(readRegistration({ ...claims, client: rest })).toBeNull();
  });

  test("may have members that nobody knows yet", () => {
    const { client, ...claims } = sent(SAMPLE);
    expect(readRegistration({ ...claims, more: 1, client: { ...(client as object), more: 1 } })).toEqual(
      SAMPLE,
    );
  });

  test("of a client that is disabled says nothing else about it", () => {
    expect(sent({ ...SAMPLE, enabled: null })).toEqual({
      version: 1,
      client: { id: ID, type: "server", enabled: false },
    });
  });
});

describe("the home of a client", () => {
  test("is in its id", () => {
    expect(homeOf(ID)).toBe("eu");
  });

  test.each([
    "",
    "cli_eu_",
    "cli_xx_0123456789abcdefghjkmnpqrs",
    `${ID}x`,
    "tok_eu_0123456789abcdefghjkmnpqrs",
  ])("is nowhere for %j", (id) => {
    expect(homeOf(id)).toBeNull();
  });
});
