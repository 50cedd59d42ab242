import { beforeAll, describe, expect, test } from "vitest";
import { hashCredential } from "../../../../src/operations/credentials.ts";
import {
  call,
  driveClock,
  expectAnswer,
  expectRefusal,
  issue,
  makeTeam,
  OPERATOR_KEY,
  rows,
  startWorker,
  statusesOf,
  unique,
  wholeStore,
} from "../../support.ts";

const HOUR_MS = 3_600_000;
const clock = driveClock();

let team = "";
beforeAll(async () => {
  team = (await makeTeam()).id;
});

const tokenBody = { name: "CI", permissions: ["EMM.Devices.VIEW"] };

function createToken(
  key: string,
  {
    as = OPERATOR_KEY,
    body = tokenBody,
    in: of = team,
  }: { as?: string; body?: object | string; in?: string } = {},
) {
  return call("POST", `/v1/teams/${of}/access-tokens`, { as, body, headers: { "Idempotency-Key": key } });
}

function createTeam(key: string, body: object) {
  return call("POST", "/v1/teams", { body, headers: { "Idempotency-Key": key } });
}

async function tokensOf(of: string): Promise<number> {
  return (await rows("SELECT id FROM access_tokens WHERE team_id = ?", of)).length;
}

describe("a request that is repeated with its Idempotency-Key", () => {
  test("gets the first answer again, without the secret, and makes nothing", async () => {
    const key = unique("key");
    const of = (await makeTeam()).id;
    const first = expectAnswer(await createToken(key, { in: of }), 201, "CreatedAccessToken");
    expect(first.token).toMatch(/^jtn_pat_us_/);
    expect(first).not.toHaveProperty("replayed");
    for (let repeat = 0; repeat < 2; repeat += 1) {
      const again = expectAnswer(await createToken(key, { in: of }), 201, "CreatedAccessToken");
      expect(again).toEqual({ access_token: first.access_token, token: null, replayed: true });
    }
    expect(await tokensOf(of)).toBe(1);
  });

  test("works for teams too, though a second team of that slug would be refused", async () => {
    const key = unique("key");
    const body = {
      name: "A",
      slug: unique("slug"),
      owner: { email: "a@idempotent.example", password: "correct horse" },
    };
    const first = expectAnswer(await createTeam(key, body), 201, "CreatedTeam");
    expect(expectAnswer(await createTeam(key, body), 201, "CreatedTeam")).toEqual({
      ...first,
      replayed: true,
    });
  });

  test("is told apart by every byte of its body", async () => {
    const key = unique("key");
    expectAnswer(await createToken(key), 201, "CreatedAccessToken");
    expectRefusal(await createToken(key, { body: { ...tokenBody, name: "CJ" } }), 409, "COM0010");
    expectRefusal(await createToken(key, { body: `${JSON.stringify(tokenBody)} ` }), 409, "COM0010");
    expect(expectAnswer(await createToken(key), 201, "CreatedAccessToken").replayed).toBe(true);
  });

  test("is another request in another path", async () => {
    const key = unique("key");
    const other = (await makeTeam()).id;
    const first = expectAnswer(await createToken(key), 201, "CreatedAccessToken");
    const second = expectAnswer(await createToken(key, { in: other }), 201, "CreatedAccessToken");
    expect(second.access_token.id).not.toBe(first.access_token.id);
    expect(second).not.toHaveProperty("replayed");
  });

  test("is another request from another caller, who learns nothing of the first one's", async () => {
    const key = unique("key");
    const [one, two] = await Promise.all(
      ["one", "two"].map((name) =>
        issue(team, { name, permissions: ["EMM.AccessTokens.CREATE", "EMM.Devices.VIEW"] }),
      ),
    );
    const first = expectAnswer(await createToken(key, { as: one!.token }), 201, "CreatedAccessToken");
    const second = expectAnswer(await createToken(key, { as: two!.token }), 201, "CreatedAccessToken");
    expect([first.access_token.created_by, second.access_token.created_by]).toEqual([one!.id, two!.id]);
    expect(second.token).not.toBeNull();
  });

  test("is authorized first: a caller who may not create any more gets no old answer", async () => {
    const key = unique("key");
    const maker = await issue(team, {
      permissions: ["EMM.AccessTokens.CREATE", "EMM.Devices.VIEW"],
      expires_in: 60,
    });
    expectAnswer(await createToken(key, { as: maker.token }), 201, "CreatedAccessToken");
    clock.advance(60_000);
    expectRefusal(await createToken(key, { as: maker.token }), 401, "TOK0004");
  });

  test("runs anew after 24 hours, and not before", async () => {
    const key = unique("key");
    const first = expectAnswer(await createToken(key), 201, "CreatedAccessToken");
    clock.advance(24 * HOUR_MS);
    expect(expectAnswer(await createToken(key), 201, "CreatedAccessToken").replayed).toBe(true);
    clock.advance(1);
    const later = expectAnswer(
      await createToken(key, { body: { ...tokenBody, name: "anew" } }),
      201,
      "CreatedAccessToken",
    );
    expect(later.access_token.id).not.toBe(first.access_token.id);
    expect(later.token).not.toBeNull();
  });

  test("is recognised across a rotation of the keys that hash its body", async () => {
    const key = unique("key");
    const rotated = await startWorker({ TAG_KEYS: "jtn-dev-newer-tag-key,jtn-dev-tag-key" });
    expectAnswer(await createToken(key), 201, "CreatedAccessToken");
    const path = `/v1/teams/${team}/access-tokens`;
    const sending = { body: tokenBody, headers: { "Idempotency-Key": key }, at: rotated };
    expect(expectAnswer(await call("POST", path, sending), 201, "CreatedAccessToken").replayed).toBe(true);
  });
});

describe("parallel requests with one Idempotency-Key", () => {
  test("make exactly one token; each gets that one or is told that it is being made", async () => {
    const of = (await makeTeam()).id;
    const key = unique("key");
    const answers = await Promise.all(Array.from({ length: 20 }, () => createToken(key, { in: of })));
    expect(await tokensOf(of)).toBe(1);
    const shown = answers
      .filter(({ status }) => status === 201)
      .map((answer) => expectAnswer(answer, 201, "CreatedAccessToken"));
    expect(new Set(shown.map(({ access_token }) => access_token.id)).size).toBe(1);
    expect(shown.filter(({ token }) => token !== null)).toHaveLength(1);
    for (const answer of answers) if (answer.status !== 201) expectRefusal(answer, 409, "COM0010");
  });

  test("of different bodies make exactly one", async () => {
    const of = (await makeTeam()).id;
    const key = unique("key");
    const bodies = Array.from({ length: 10 }, (_, index) => ({ ...tokenBody, name: `n${index}` }));
    const answers = await Promise.all(bodies.map((body) => createToken(key, { in: of, body })));
    expect(statusesOf(answers)).toEqual({ 201: 1, 409: 9 });
    expect(await tokensOf(of)).toBe(1);
  });
});

describe("an Idempotency-Key whose request was refused", () => {
  test("is free again for a corrected one", async () => {
    const key = unique("key");
    const missing = { name: "CI", permissions: ["EMM.DeviceCommands.LOCK"] };
    expectRefusal(await createToken(key, { body: missing }), 422, "COM0009");
    expectRefusal(await createToken(key, { body: missing }), 422, "COM0009");
    const corrected = { name: "CI", permissions: ["EMM.DeviceCommands.LOCK", "EMM.Devices.VIEW"] };
    expect(
      expectAnswer(await createToken(key, { body: corrected }), 201, "CreatedAccessToken").token,
    ).not.toBeNull();
  });

  test("is free again when the slug was taken", async () => {
    const key = unique("key");
    const { slug } = await makeTeam();
    expectRefusal(await createTeam(key, { name: "A", slug }), 409, "COM0010");
    expectAnswer(await createTeam(key, { name: "A", slug: unique("free") }), 201, "CreatedTeam");
  });

  test("is free again, after a minute, when its request died without an answer", async () => {
    const key = unique("key");
    expectAnswer(await createToken(key), 201, "CreatedAccessToken");
    const path = `/v1/teams/${team}/access-tokens`;
    const id = hashCredential(JSON.stringify(["operator", "POST", path, key]));
    await rows("UPDATE idempotency SET status = NULL, answer = NULL WHERE id = ?", id);
    expectRefusal(await createToken(key), 409, "COM0010");
    clock.advance(60_001);
    expect(expectAnswer(await createToken(key), 201, "CreatedAccessToken")).not.toHaveProperty("replayed");
  });
});

describe("the Idempotency-Key itself", () => {
  test.each(["x", " ", "a key with blanks", "~!@#$%^&*()", "'; DROP TABLE teams; --", "k".repeat(255)])(
    "may be %j",
    async (key) => {
      // The platform trims header values, so that a blank one is an empty one.
      const answer = await createToken(key);
      if (key.trim() === "") expectRefusal(answer, 422, "COM0011");
      else expectAnswer(answer, 201, "CreatedAccessToken");
    },
  );

  test.each(["", "k".repeat(256), "caf\u00e9", "tab\tbed", "del\u007f"])(
    "may not be %j: 422 COM0011",
    async (key) => {
      expectRefusal(await createToken(key), 422, "COM0011");
    },
  );

  test("means nothing where nothing is created", async () => {
    const listed = await call("GET", `/v1/teams/${team}/access-tokens`, {
      headers: { "Idempotency-Key": "" },
    });
    expectAnswer(listed, 200, "AccessTokens");
  });
});

test("the store keeps neither a secret nor a body, nor a plain hash of a body that has a password in it", async () => {
  const body = {
    name: "A",
    slug: unique("slug"),
    owner: { email: "b@idempotent.example", password: "hunter2 hunter2" },
  };
  expectAnswer(await createTeam(unique("key"), body), 201, "CreatedTeam");
  const { token } = expectAnswer(await createToken(unique("key")), 201, "CreatedAccessToken");
  const store = await wholeStore();
  expect(store).not.toContain("hunter2");
  expect(store).not.toContain(hashCredential(JSON.stringify(body)));
  expect(store).not.toContain(token);
});
