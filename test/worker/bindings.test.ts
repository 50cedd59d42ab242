import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { ConfigError, readConfig } from "../../src/bindings.ts";
import { call, check, expectRefusal, issue, makeService, makeTeam, sealed, startWorker } from "./support.ts";

const OPERATOR = "an operator key of our own";
const TAG = "a tag key of our own";
const ENCRYPTION = "an encryption key of our own";

/** What a deployment has. */
function deployed(settings: Readonly<Record<string, string | undefined>> = {}) {
  return {
    ...env,
    DEVELOPMENT: "",
    OPERATOR_KEY: OPERATOR,
    TAG_KEYS: TAG,
    ENCRYPTION_KEYS: ENCRYPTION,
    ...settings,
  } as typeof env;
}

function problemOf(settings: Readonly<Record<string, string | undefined>>): string {
  try {
    readConfig(deployed(settings));
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "none";
}

describe("the settings of a deployment", () => {
  test("are complete with secrets and a region alone", () => {
    expect(readConfig(deployed())).toMatchObject({
      region: "us",
      development: false,
      operatorKeys: [OPERATOR],
      tagKeys: [TAG],
      freshnessMs: 1_000,
      origins: { us: "https://tokens.example.com", uk: "https://tokens.example.uk" },
    });
  });

  test("take several secrets, newest first", () => {
    const { operatorKeys, tagKeys } = readConfig(
      deployed({ OPERATOR_KEY: ` ${OPERATOR} , the one before it, `, TAG_KEYS: `${TAG},${TAG}2` }),
    );
    expect(operatorKeys).toEqual([OPERATOR, "the one before it"]);
    expect(tagKeys).toEqual([TAG, `${TAG}2`]);
  });

  test.each([
    ["OPERATOR_KEY", undefined],
    ["OPERATOR_KEY", ""],
    ["OPERATOR_KEY", " , ,"],
    ["OPERATOR_KEY", "jtn-dev-operator-key"],
    ["OPERATOR_KEY", `${OPERATOR},jtn-dev-operator-key`],
    ["OPERATOR_KEY", "short"],
    ["TAG_KEYS", undefined],
    ["TAG_KEYS", ""],
    ["TAG_KEYS", "jtn-dev-tag-key-0000000000000000"],
    ["TAG_KEYS", `${TAG},jtn-dev-tag-key`],
    ["ENCRYPTION_KEYS", undefined],
    ["ENCRYPTION_KEYS", "jtn-dev-encryption-key"],
    ["REGION", undefined],
    ["REGION", "xx"],
    ["REGION", "US"],
    ["FRESHNESS_MS", "-1"],
    ["FRESHNESS_MS", "1.5"],
    ["FRESHNESS_MS", "soon"],
    ["FRESHNESS_MS", "3600000"],
    ["FRESHNESS_MS", "0x10"],
    ["FRESHNESS_MS", "1e3"],
    ["FRESHNESS_MS", "1 000"],
    ["ORIGINS", "https://a.example"],
    ["ORIGINS", '{"eu":"mailto:someone@a.example"}'],
    ["ORIGINS", '{"eu":"file:///etc/hosts"}'],
    ["ORIGINS", '{"eu":"javascript:alert(1)"}'],
    ["ORIGINS", '{"eu":7}'],
    ["ORIGINS", "[]"],
    ["ORIGINS", '{"eu":"nonsense"}'],
    ["ORIGINS", '{"mars":"https://a.example"}'],
  ])("are refused by name, never by value: %s=%s", (name, value) => {
    const problem = problemOf({ [name]: value });
    expect(problem).toContain(name);
    for (const part of (value ?? "").split(",")) {
      if (part.trim().length > 2) expect(problem).not.toContain(part.trim());
    }
  });

  test.each(["", " ", "\t\n"])("have their defaults where they are blank: %j", (blank) => {
    const { freshnessMs, origins } = readConfig(deployed({ FRESHNESS_MS: blank, ORIGINS: blank }));
    expect(freshnessMs).toBe(1_000);
    expect(origins.us).toBe("https://tokens.example.com");
  });

  test("are read without the blanks around them, and an origin without its path", () => {
    const { freshnessMs, origins } = readConfig(
      deployed({
        FRESHNESS_MS: " 0 ",
        ORIGINS: '{"eu":"https://eu.a.example/x?y","in":"http://127.0.0.1:8789/"}',
      }),
    );
    expect(freshnessMs).toBe(0);
    expect([origins.eu, origins.in]).toEqual(["https://eu.a.example", "http://127.0.0.1:8789"]);
  });

  test("may be the public ones on a machine of one's own", () => {
    const config = readConfig(env);
    expect(config.development).toBe(true);
  });

  test.each(["TRUE", "1", "yes", "false"])("are no development settings with DEVELOPMENT=%s", (value) => {
    expect(problemOf({ DEVELOPMENT: value, OPERATOR_KEY: "jtn-dev-operator-key" })).toContain("OPERATOR_KEY");
  });
});

describe("a Worker that is not fit to serve", () => {
  test("answers every path with 503, says why in the log alone, and nowhere the value", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const unfit = await startWorker({ DEVELOPMENT: "", TAG_KEYS: "short" });
    for (const path of ["/healthz", "/v1/teams", "/v1/errors", "/nope", "/v2"]) {
      const answer = await call("GET", path, { at: unfit });
      expectRefusal(answer, 503, "COM0004");
      expect(answer.text).not.toMatch(/TAG_KEYS|OPERATOR_KEY|short/);
    }
    const logged = log.mock.calls.flat().join("\n");
    expect(logged).toMatch(/OPERATOR_KEY|TAG_KEYS/);
    expect(logged).not.toMatch(/short|jtn-dev/);
    log.mockRestore();
  });
});

describe("operator keys", () => {
  test("are each good while they are listed, and no longer", async () => {
    const rotating = await startWorker({ OPERATOR_KEY: "the-new-operator-key,the-old-operator-key" });
    const list = (as: string, at = rotating) => call("GET", "/v1/teams", { as, at });
    expect((await list("the-new-operator-key")).status).toBe(200);
    expect((await list("the-old-operator-key")).status).toBe(200);
    for (const as of [
      "the-new-operator-key,the-old-operator-key",
      "the-old-operator",
      "",
      "jtn-dev-operator-key",
    ]) {
      expect((await list(as)).status).not.toBe(200);
    }
    const rotated = await startWorker({ OPERATOR_KEY: "the-new-operator-key" });
    expectRefusal(await list("the-old-operator-key", rotated), 401, "COM0013");
  });
});

describe("tag keys", () => {
  test("rotate: a token that an older key sealed passes while that key is listed, and new ones bear the newest", async () => {
    const team = (await makeTeam()).id;
    const { key } = await makeService();
    const old = await issue(team);
    const oldKey = env.TAG_KEYS ?? "";

    const rotating = await startWorker({ TAG_KEYS: `newest,${oldKey}` });
    const fresh = await issue(team, undefined, { at: rotating });
    expect((await check(key, { token: old.token }, { at: rotating })).allowed).toBe(true);
    expect((await check(key, { token: fresh.token }, { at: rotating })).allowed).toBe(true);

    const rotated = await startWorker({ TAG_KEYS: "newest" });
    const service = await call("POST", "/v1/services", { body: { name: "new" }, at: rotated });
    const { key: newKey } = service.body as { key: string };
    expect((await check(newKey, { token: fresh.token }, { at: rotated })).allowed).toBe(true);
    expect((await check(newKey, { token: old.token }, { at: rotated })).reason).toBe("unknown_token");
    expectRefusal(
      await call("POST", "/v1/check", { as: key, body: { token: old.token }, at: rotated }),
      401,
      "COM0013",
    );
    // The old key alone does not know what the newest has sealed.
    expect((await check(key, { token: fresh.token })).reason).toBe("unknown_token");
  });

  test("a key that was never listed seals nothing that is looked up", async () => {
    const { key } = await makeService();
    expect((await check(key, { token: sealed("pat", { key: "newest" }) })).reason).toBe("unknown_token");
  });
});

describe("HOSTS", () => {
  test("names further hosts, in whatever case, and none when left out", () => {
    expect(readConfig(deployed({ HOSTS: " Jeton.internal, [::1],10.0.0.7 " })).hosts).toEqual([
      "jeton.internal",
      "[::1]",
      "10.0.0.7",
    ]);
    expect(readConfig(deployed({ HOSTS: "" })).hosts).toEqual([]);
  });

  test.each([
    "https://jeton.internal",
    "jeton.internal:8787",
    "a b",
    "user@host",
    "jeton.internal/path",
    "*.x?",
  ])("takes no %j", (HOSTS) => {
    expect(() => readConfig(deployed({ HOSTS }))).toThrow(
      "HOSTS must be a comma-separated list of host names",
    );
  });
});
