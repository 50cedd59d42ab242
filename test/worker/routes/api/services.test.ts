import { beforeAll, describe, expect, test } from "vitest";
import { hashCredential } from "../../../../src/operations/credentials.ts";
import {
  call,
  driveClock,
  expectAnswer,
  expectRefusal,
  issue,
  makeService,
  makeTeam,
  rows,
  sealed,
  startWorker,
  statusesOf,
  wholeStore,
  type Worker,
} from "../../support.ts";

const clock = driveClock();
const BOUND_MS = 1_000;

let team = "";
let token = "";
beforeAll(async () => {
  team = (await makeTeam()).id;
  ({ token } = await issue(team));
});

function ask(key: string, at?: Worker) {
  return call("POST", "/v1/check", { as: key, body: { token }, ...(at === undefined ? {} : { at }) });
}

async function rotate(id: string, body: object = {}) {
  return expectAnswer(await call("POST", `/v1/services/${id}/keys`, { body }), 201, "ServiceKey");
}

describe("a service", () => {
  test("is created with a key, shown once and stored as its SHA-256 only", async () => {
    const { service, key } = await makeService({
      catalogues: ["EMM"],
      resource: "https://devices.example/v1",
    });
    expect(service).toMatchObject({
      id: expect.stringMatching(/^svc_/) as string,
      catalogues: ["EMM"],
      resource: "https://devices.example/v1",
    });
    expect(key).toMatch(/^jtn_sk_us_[0-9A-Za-z]{36}$/);
    expect((await ask(key)).status).toBe(200);
    const listed = await call("GET", "/v1/services");
    expect(expectAnswer(listed, 200, "Services").services).toContainEqual(service);
    expect(listed.text).not.toContain(key);
    const store = await wholeStore();
    expect(store).not.toContain(key);
    expect(store).toContain(hashCredential(key));
  });

  test("without wishes sees every catalogue", async () => {
    expect((await makeService()).service).toMatchObject({ catalogues: null, resource: null });
  });

  test.each([
    ["name", {}],
    ["name", { name: "" }],
    ["catalogues", { name: "x", catalogues: [] }],
    ["catalogues[1]", { name: "x", catalogues: ["EMM", "NoSuch"] }],
    ["catalogues[0]", { name: "x", catalogues: ["constructor"] }],
    ["catalogues", { name: "x", catalogues: "EMM" }],
    ["resource", { name: "x", resource: "not a url" }],
    ["resource", { name: "x", resource: "https://a.example/#part" }],
    ["resource", { name: "x", resource: `https://a.example/${"x".repeat(500)}` }],
    ["the body", { name: "x", key: "my-own-key" }],
  ])("is refused by the member that is wrong, %s: %j", async (member, body) => {
    const answer = await call("POST", "/v1/services", { body });
    expect(expectRefusal(answer, 400, "COM0005").error_description).toContain(member);
  });

  test("is the operator's business alone", async () => {
    const { service, key } = await makeService();
    const { token: all } = await issue(team, { permission_sets: ["emm-full"] });
    const calls = [
      ["POST", "/v1/services", { name: "x" }],
      ["GET", "/v1/services", undefined],
      ["DELETE", `/v1/services/${service.id}`, undefined],
      ["POST", `/v1/services/${service.id}/keys`, {}],
    ] as const;
    for (const [method, path, body] of calls) {
      const sending = body === undefined ? {} : { body };
      expectRefusal(await call(method, path, { ...sending, as: all }), 403, "TOK0001");
      expectRefusal(await call(method, path, { ...sending, as: key }), 401, "COM0013");
      expectRefusal(await call(method, path, { ...sending, as: null }), 401, "COM0013");
    }
    expect((await ask(key)).status).toBe(200);
  });

  test("leaves audit events of all that is done to it, without its keys", async () => {
    const { service, key } = await makeService();
    const rotated = await rotate(service.id, { overlap_seconds: 5 });
    await call("DELETE", `/v1/services/${service.id}`);
    const events = await rows("SELECT * FROM audit_events WHERE subject = ? ORDER BY rowid", service.id);
    expect(events.map(({ type }) => type)).toEqual([
      "service.created",
      "service.key_rotated",
      "service.deleted",
    ]);
    for (const secret of [key, rotated.key]) {
      expect(JSON.stringify(events)).not.toContain(secret);
      expect(JSON.stringify(events)).not.toContain(hashCredential(secret));
    }
  });
});

describe("a service key", () => {
  test("is the only kind of credential that may ask", async () => {
    const stranger = [
      "jtn-dev-operator-key",
      token,
      "garbage",
      sealed("at"),
      sealed("cs"),
      sealed("rt"),
      sealed("sk"),
    ];
    for (const credential of stranger) {
      const answer = await ask(credential);
      expectRefusal(answer, 401, "COM0013");
      expect(answer.headers.get("WWW-Authenticate")).toContain('error="invalid_token"');
    }
  });

  test("is one by its kind too: no other kind asks, even if it stands among the keys", async () => {
    const { service } = await makeService();
    const insert = "INSERT INTO service_keys (hash, service_id, created_at) VALUES (?, ?, 0)";
    for (const kind of ["sk", "pat"] as const) {
      const credential = sealed(kind);
      await rows(insert, hashCredential(credential), service.id);
      expect((await ask(credential)).status, kind).toBe(kind === "sk" ? 200 : 401);
    }
  });

  test("of another region is told where it belongs; a client secret has no region to be told", async () => {
    expect(expectRefusal(await ask(sealed("sk", { region: "eu" })), 401, "TOK0003").region?.code).toBe("eu");
    expectRefusal(await ask(sealed("cs", { region: "eu" })), 401, "COM0013");
  });

  test("with a forged tag is unknown, and one with a typo too", async () => {
    const { key } = await makeService();
    expectRefusal(await ask(sealed("sk", { key: "forger" })), 401, "COM0013");
    expectRefusal(await ask(key.slice(0, -1) + (key.endsWith("a") ? "b" : "a")), 401, "COM0013");
  });

  test("manages nothing", async () => {
    const { key } = await makeService();
    for (const path of [`/v1/teams/${team}`, `/v1/teams/${team}/access-tokens`]) {
      expectRefusal(await call("GET", path, { as: key }), 401, "COM0013");
    }
    expectRefusal(await call("GET", "/v1/teams", { as: key }), 401, "COM0013");
  });
});

describe("a deleted service", () => {
  test("is refused once the bound has passed, and at once where nothing is cached", async () => {
    const { service, key } = await makeService();
    expect((await ask(key)).status).toBe(200);
    const deleted = await call("DELETE", `/v1/services/${service.id}`);
    const { effective_by } = expectAnswer(deleted, 200, "DeletedService");
    expect(Date.parse(effective_by)).toBe(Date.now() + BOUND_MS);
    const elsewhere = await startWorker();
    expectRefusal(
      await call("POST", "/v1/check", { as: key, body: { token }, at: elsewhere }),
      401,
      "COM0013",
    );
    clock.advance(BOUND_MS);
    expectRefusal(await ask(key), 401, "COM0013");
  });

  test("takes every one of its keys with it, those in overlap too", async () => {
    const { service, key } = await makeService();
    const rotated = await rotate(service.id, { overlap_seconds: 3_600 });
    await call("DELETE", `/v1/services/${service.id}`);
    clock.advance(BOUND_MS);
    expectRefusal(await ask(key), 401, "COM0013");
    expectRefusal(await ask(rotated.key), 401, "COM0013");
  });

  test("is gone: from the list, and 404 for whoever deletes or rotates it again", async () => {
    const { service } = await makeService();
    await call("DELETE", `/v1/services/${service.id}`);
    expectRefusal(await call("DELETE", `/v1/services/${service.id}`), 404, "COM0008");
    expectRefusal(await call("POST", `/v1/services/${service.id}/keys`, { body: {} }), 404, "COM0008");
    expect((await call("GET", "/v1/services")).text).not.toContain(service.id);
  });

  test("was deleted by one of ten who did at the same moment, and that one alone is recorded", async () => {
    const { service, key } = await makeService();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => call("DELETE", `/v1/services/${service.id}`)),
    );
    expect(statusesOf(answers)).toEqual({ 200: 1, 404: 9 });
    const events = await rows(
      "SELECT id FROM audit_events WHERE subject = ? AND type = 'service.deleted'",
      service.id,
    );
    expect(events).toHaveLength(1);
    expect(await rows("SELECT seq FROM feed WHERE subject = ?", `service:${service.id}`)).toHaveLength(1);
    clock.advance(BOUND_MS);
    expectRefusal(await ask(key), 401, "COM0013");
  });

  test("that never was is 404", async () => {
    expectRefusal(await call("DELETE", "/v1/services/svc_00000000000000000000000000"), 404, "COM0008");
    expectRefusal(await call("DELETE", "/v1/services/'%20OR%201=1"), 404, "COM0008");
  });
});

describe("a key that an isolate remembers", () => {
  /** An isolate that has answered this key twice: the second time without asking who it is. */
  async function knowing(...keys: string[]): Promise<Worker> {
    const elsewhere = await startWorker();
    for (const key of [...keys, ...keys]) expect((await ask(key, elsewhere)).status).toBe(200);
    return elsewhere;
  }

  test("is refused within the bound when its service was deleted somewhere else", async () => {
    const { service, key } = await makeService();
    const elsewhere = await knowing(key);
    await call("DELETE", `/v1/services/${service.id}`);
    clock.advance(BOUND_MS);
    for (let each = 0; each < 3; each++) expectRefusal(await ask(key, elsewhere), 401, "COM0013");
  });

  test("is refused within the bound when it was rotated somewhere else, and the new one is not", async () => {
    const { service, key } = await makeService();
    const elsewhere = await knowing(key);
    const rotated = await rotate(service.id);
    clock.advance(BOUND_MS);
    for (let each = 0; each < 3; each++) {
      expectRefusal(await ask(key, elsewhere), 401, "COM0013");
      expect((await ask(rotated.key, elsewhere)).status).toBe(200);
    }
  });

  test("is refused in the very millisecond in which its overlap ends", async () => {
    const { service, key } = await makeService();
    await rotate(service.id, { overlap_seconds: 2 });
    clock.advance(1_500);
    const elsewhere = await knowing(key);
    clock.advance(499);
    expect((await ask(key, elsewhere)).status).toBe(200);
    clock.advance(1);
    for (let each = 0; each < 3; each++) expectRefusal(await ask(key, elsewhere), 401, "COM0013");
  });

  test("is refused while others of that isolate go on: what they learn holds for it too", async () => {
    const { service, key } = await makeService();
    const other = (await makeService()).key;
    const elsewhere = await knowing(key, other);
    await call("DELETE", `/v1/services/${service.id}`);
    for (let each = 0; each < 5; each++) {
      clock.advance(BOUND_MS / 4);
      expect((await ask(other, elsewhere)).status).toBe(200);
    }
    expectRefusal(await ask(key, elsewhere), 401, "COM0013");
  });

  test("says nothing for a key that differs from it, however little", async () => {
    const { key } = await makeService();
    const elsewhere = await knowing(key);
    for (const wrong of [
      `${key}x`,
      key.slice(0, -1),
      key.toUpperCase(),
      `${key.slice(0, -1)}!`,
      sealed("sk"),
    ]) {
      for (let each = 0; each < 2; each++) expectRefusal(await ask(wrong, elsewhere), 401, "COM0013");
    }
  });

  test("is still no more than a service's: it opens nothing else", async () => {
    const { key } = await makeService();
    const elsewhere = await knowing(key);
    expectRefusal(await call("GET", "/v1/services", { as: key, at: elsewhere }), 401, "COM0013");
    expectRefusal(await call("GET", `/v1/teams/${team}`, { as: key, at: elsewhere }), 401, "COM0013");
    expectRefusal(await call("GET", "/v1/services", { as: key, at: elsewhere }), 401, "COM0013");
  });
});

describe("rotation", () => {
  test("lets both keys ask during the overlap, and the new one alone after it", async () => {
    const { service, key } = await makeService();
    await ask(key);
    const rotated = await rotate(service.id, { overlap_seconds: 60 });
    expect(Date.parse(rotated.previous_expire_at)).toBe(Date.now() + 60_000);
    clock.advance(59_999);
    expect([(await ask(key)).status, (await ask(rotated.key)).status]).toEqual([200, 200]);
    clock.advance(1);
    expectRefusal(await ask(key), 401, "COM0013");
    expect((await ask(rotated.key)).status).toBe(200);
  });

  test("without overlap ends the old key within the bound", async () => {
    const { service, key } = await makeService();
    await ask(key);
    const rotated = await rotate(service.id);
    clock.advance(BOUND_MS);
    expectRefusal(await ask(key), 401, "COM0013");
    expect((await ask(rotated.key)).status).toBe(200);
  });

  test("never lengthens the life of a key that already ends", async () => {
    const { service, key } = await makeService();
    await rotate(service.id, { overlap_seconds: 10 });
    await rotate(service.id, { overlap_seconds: 3_600 });
    clock.advance(10_000);
    expectRefusal(await ask(key), 401, "COM0013");
  });

  test("after a leak ends even a key that had a long overlap", async () => {
    const { service, key } = await makeService();
    const second = await rotate(service.id, { overlap_seconds: 3_600 });
    await rotate(service.id, { overlap_seconds: 0 });
    clock.advance(BOUND_MS);
    expectRefusal(await ask(key), 401, "COM0013");
    expectRefusal(await ask(second.key), 401, "COM0013");
  });

  test.each([-1, 1.5, 2_592_001, "60", null])(
    "with overlap_seconds %j is refused",
    async (overlap_seconds) => {
      const { service } = await makeService();
      const answer = await call("POST", `/v1/services/${service.id}/keys`, { body: { overlap_seconds } });
      expect(expectRefusal(answer, 400, "COM0005").error_description).toContain("overlap_seconds");
    },
  );

  test("in parallel leaves one working key at least, and each that it answered expires when it said", async () => {
    const { service } = await makeService();
    const keys = await Promise.all(Array.from({ length: 5 }, () => rotate(service.id)));
    clock.advance(BOUND_MS);
    const statuses = await Promise.all(keys.map(async ({ key }) => (await ask(key)).status));
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
  });
});
