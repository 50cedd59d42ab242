import { beforeAll, describe, expect, test } from "vitest";
import { emm } from "../../src/catalogues/emm.ts";
import { DEVICE_LIMIT, expectMade, expectRefusal, useDeviceApi, type Caller } from "./device-api-client.ts";

type Row = Readonly<Record<string, unknown>> & { readonly id: string };

const EVERYTHING = emm.resources.flatMap(({ name, operations }) =>
  operations.map((operation) => `EMM.${name}.${operation.name}`),
);

const api = useDeviceApi();
let serial = 0;

/** A team of its own for each promise, so that none counts what another has made. */
interface Team {
  readonly id: string;
  readonly call: Caller;
}

async function makeTeam(): Promise<Team> {
  const id = await api.jeton.makeTeam();
  const caller = api.as((await api.jeton.issue(id, { permissions: EVERYTHING })).token);
  return { id, call: (method, path, sending) => caller(method, `/teams/${id}${path}`, sending) };
}

async function makeSecret({ call }: Team, more: object = {}): Promise<string> {
  const answer = await call("POST", "/enrolment-tokens", {
    body: { name: "token", max_uses: 1000, ...more },
  });
  return expectMade<string>(answer, 201, "secret");
}

function enrolmentOf(secret: string, more: object = {}) {
  serial += 1;
  const device = { name: `Device ${serial}`, platform: "android", model: "T10", serial: `S${serial}` };
  return { enrolment_token: secret, ...device, ...more };
}

async function enrol(team: Team, more: object = {}): Promise<Row> {
  const body = enrolmentOf(await makeSecret(team), more);
  return expectMade<Row>(await team.call("POST", "/devices", { body }), 201, "device");
}

async function make(team: Team, plural: string, body: object): Promise<Row> {
  const [member = ""] = { groups: ["group"], policies: ["policy"] }[plural] ?? [];
  return expectMade<Row>(await team.call("POST", `/${plural}`, { body }), 201, member);
}

let team: Team;

beforeAll(async () => {
  team = await makeTeam();
});

describe("a device", () => {
  test("is enrolled by an enrolment token, shown, listed and deleted", async () => {
    const device = await enrol(team, { name: "Till 1", has_esim: true });
    expect(device).toMatchObject({ team: team.id, name: "Till 1", status: "managed", has_esim: true });
    const shown = await team.call("GET", `/devices/${device.id}`);
    expect(shown.body["device"]).toEqual(device);
    const listed = expectMade<Row[]>(await team.call("GET", "/devices"), 200, "devices");
    expect(listed).toContainEqual(device);
    expect((await team.call("DELETE", `/devices/${device.id}`)).status).toBe(204);
    expectRefusal(await team.call("GET", `/devices/${device.id}`), 404, "COM0008");
    expectRefusal(await team.call("DELETE", `/devices/${device.id}`), 404, "COM0008");
  });

  test("is listed page by page, each once and none left out", async () => {
    const mine = await makeTeam();
    const ids: string[] = [];
    for (let made = 0; made < 5; made += 1) ids.push((await enrol(mine)).id);
    const seen: string[] = [];
    let query = "?limit=2";
    while (query !== "") {
      const { body } = await mine.call("GET", `/devices${query}`);
      seen.push(...(body["devices"] as Row[]).map(({ id }) => id));
      const cursor = body["next_cursor"];
      query = typeof cursor === "string" ? `?limit=2&cursor=${cursor}` : "";
    }
    expect(seen.toSorted()).toEqual(ids.toSorted());
  });

  test.each(["limit=0", "limit=101", "limit=-1", "limit=1e1", "limit=", "cursor='", "cursor=dev_%25"])(
    "is not listed by ?%s: COM0003",
    async (query) => {
      for (const path of ["/devices", "/groups", "/policies", "/enrolment-tokens"]) {
        expectRefusal(await team.call("GET", `${path}?${query}`), 400, "COM0003");
      }
    },
  );

  test("tells where it is, or LOC0001 when it has not said or is wiped", async () => {
    const location = { latitude: 48.1, longitude: 11.6 };
    const located = await enrol(team, { location });
    const there = await team.call("GET", `/devices/${located.id}/location`);
    expect(there.body).toEqual({ location });
    await team.call("POST", `/devices/${located.id}/commands/wipe`);
    expectRefusal(await team.call("GET", `/devices/${located.id}/location`), 412, "LOC0001");
    const silent = await enrol(team);
    expectRefusal(await team.call("GET", `/devices/${silent.id}/location`), 412, "LOC0001");
  });
});

describe("enrolment", () => {
  test("is refused with a token that is unknown, used up, revoked or another team's: COM0005", async () => {
    const spent = await makeSecret(team, { max_uses: 1 });
    expect((await team.call("POST", "/devices", { body: enrolmentOf(spent) })).status).toBe(201);
    const made = await team.call("POST", "/enrolment-tokens", { body: { name: "to revoke" } });
    const { id } = expectMade<Row>(made, 201, "enrolment_token");
    await team.call("DELETE", `/enrolment-tokens/${id}`);
    const foreign = await makeSecret(await makeTeam());
    for (const secret of ["unknown", spent, made.body["secret"] as string, foreign]) {
      const refused = await team.call("POST", "/devices", { body: enrolmentOf(secret) });
      expectRefusal(refused, 400, "COM0005");
      expect(JSON.stringify(refused.body)).not.toContain(secret);
    }
  });

  test("of the same serial number twice is COM0010, and costs no use", async () => {
    const secret = await makeSecret(team, { max_uses: 2 });
    const first = enrolmentOf(secret);
    expect((await team.call("POST", "/devices", { body: first })).status).toBe(201);
    expectRefusal(await team.call("POST", "/devices", { body: first }), 409, "COM0010");
    expect((await team.call("POST", "/devices", { body: enrolmentOf(secret) })).status).toBe(201);
  });

  test("shares the last use of a token between no two devices", async () => {
    const secret = await makeSecret(team, { max_uses: 3 });
    const attempts = Array.from({ length: 10 }, () => enrolmentOf(secret));
    const answers = await Promise.all(attempts.map((body) => team.call("POST", "/devices", { body })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    for (const each of answers.filter(({ status }) => status !== 201)) expectRefusal(each, 400, "COM0005");
  });

  test("beyond the team's licences is COM00020, until a device is wiped", async () => {
    const small = await makeTeam();
    const secret = await makeSecret(small);
    const attempts = Array.from({ length: DEVICE_LIMIT + 2 }, () => enrolmentOf(secret));
    const answers = await Promise.all(attempts.map((body) => small.call("POST", "/devices", { body })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(DEVICE_LIMIT);
    for (const each of answers.filter(({ status }) => status !== 201)) expectRefusal(each, 400, "COM00020");
    const [first] = expectMade<Row[]>(await small.call("GET", "/devices?limit=1"), 200, "devices");
    await small.call("POST", `/devices/${first?.id}/commands/wipe`);
    expect((await small.call("POST", "/devices", { body: enrolmentOf(secret) })).status).toBe(201);
  });
});

describe("an enrolment token", () => {
  test("is shown once: no list and no revocation has its secret", async () => {
    const made = await team.call("POST", "/enrolment-tokens", { body: { name: "once", expires_in: 60 } });
    const secret = expectMade<string>(made, 201, "secret");
    const { id } = made.body["enrolment_token"] as Row;
    const listed = await team.call("GET", "/enrolment-tokens?limit=100");
    const revoked = await team.call("DELETE", `/enrolment-tokens/${id}`);
    for (const { body } of [listed, revoked]) {
      expect(JSON.stringify(body)).toContain(id);
      expect(JSON.stringify(body)).not.toMatch(new RegExp(`${secret}|"hash"`));
    }
  });

  test("that is revoked stays so: a second time gives the same answer", async () => {
    const made = await team.call("POST", "/enrolment-tokens", { body: { name: "twice" } });
    const path = `/enrolment-tokens/${(made.body["enrolment_token"] as Row).id}`;
    const first = await team.call("DELETE", path);
    expect((first.body["enrolment_token"] as Row)["revoked_at"]).toBeTypeOf("string");
    expect((await team.call("DELETE", path)).body).toEqual(first.body);
    expectRefusal(await team.call("DELETE", "/enrolment-tokens/enr_none"), 404, "COM0008");
  });
});

describe("possession", () => {
  test("goes from hand to hand by way of the stock: SDE0003 while somebody else has it", async () => {
    const { id } = await enrol(team);
    const path = `/devices/${id}/possession`;
    const give = (holder: string) => team.call("PUT", path, { body: { state: "assigned", holder } });
    expect((await give("ada@example.com")).body["possession"]).toEqual({
      state: "assigned",
      holder: "ada@example.com",
    });
    expect((await give("ada@example.com")).status).toBe(200);
    expectRefusal(await give("bob@example.com"), 412, "SDE0003");
    await team.call("PUT", path, { body: { state: "in_stock" } });
    expect((await give("bob@example.com")).status).toBe(200);
    expect((await team.call("GET", path)).body["possession"]).toMatchObject({ holder: "bob@example.com" });
  });

  test("of a wiped device can be recorded as lost, and assigned to nobody", async () => {
    const { id } = await enrol(team);
    await team.call("POST", `/devices/${id}/commands/wipe`);
    const path = `/devices/${id}/possession`;
    const body = { state: "assigned", holder: "ada@example.com" };
    expectRefusal(await team.call("PUT", path, { body }), 412, "SDE0003");
    expect((await team.call("PUT", path, { body: { state: "lost" } })).status).toBe(200);
  });
});

describe("commands", () => {
  test("are listed with what was asked and by which access token", async () => {
    const { id } = await enrol(team);
    await team.call("POST", `/devices/${id}/commands/lock`, { body: { message: "Return me" } });
    await team.call("POST", `/devices/${id}/commands/clear-app-data`, {
      body: { app_ids: ["com.example.app"] },
    });
    const listed = expectMade<Row[]>(await team.call("GET", `/devices/${id}/commands`), 200, "commands");
    expect(listed).toHaveLength(2);
    expect(listed[0]).toMatchObject({ name: "lock", parameters: { message: "Return me" }, status: "queued" });
    expect(listed[0]?.["created_by"]).toMatch(/^tok_/);
  });

  test.each([
    ["manage-esim", { action: "install" }, { has_esim: false }],
    ["adb", { command: "shell id" }, { platform: "ios" }],
    ["clear-app-data", { app_ids: ["com.example.app"] }, { platform: "windows" }],
    ["remote-control", undefined, { platform: "ios" }],
  ])("%s does not apply to every device: CMD0001", async (name, body, more) => {
    const { id } = await enrol(team, more);
    const path = `/devices/${id}/commands/${name}`;
    expectRefusal(await team.call("POST", path, { body }), 412, "CMD0001");
    expect((await team.call("GET", `/devices/${id}/commands`)).body["commands"]).toEqual([]);
    const { id: other } = await enrol(team, { has_esim: true });
    expect((await team.call("POST", `/devices/${other}/commands/${name}`, { body })).status).toBe(201);
  });

  test("after a wipe are CMD0001, a second wipe as well", async () => {
    const { id } = await enrol(team);
    const command = (name: string) => team.call("POST", `/devices/${id}/commands/${name}`);
    expect(expectMade<Row>(await command("wipe"), 201, "command")).toMatchObject({ status: "done" });
    expect((await team.call("GET", `/devices/${id}`)).body["device"]).toMatchObject({ status: "wiped" });
    for (const name of ["lock", "reboot", "wipe"]) expectRefusal(await command(name), 412, "CMD0001");
  });

  test("are suspended while they wait: CMD0002 once they do not", async () => {
    const { id } = await enrol(team);
    const give = async (name: string) =>
      expectMade<Row>(await team.call("POST", `/devices/${id}/commands/${name}`), 201, "command").id;
    const lock = await give("lock");
    const path = `/devices/${id}/commands/lock/${lock}/suspend`;
    expect((await team.call("POST", path)).body["command"]).toMatchObject({ status: "suspended" });
    expectRefusal(await team.call("POST", path), 412, "CMD0002");
    const wipe = await give("wipe");
    const done = `/devices/${id}/commands/wipe/${wipe}/suspend`;
    expectRefusal(await team.call("POST", done), 412, "CMD0002");
  });

  test("are suspended by the right that they need, and not by way of a lesser one", async () => {
    const { id } = await enrol(team);
    const made = await team.call("POST", `/devices/${id}/commands/adb`, { body: { command: "shell id" } });
    const command = expectMade<Row>(made, 201, "command").id;
    const viaLock = `/devices/${id}/commands/lock/${command}/suspend`;
    expectRefusal(await team.call("POST", viaLock), 404, "COM0008");
  });
});

describe("groups and policies", () => {
  test("are made, changed, joined and taken apart", async () => {
    const group = await make(team, "groups", { name: "Shop floor" });
    const policy = await make(team, "policies", {
      name: "Kiosk",
      settings: { camera: false, pin_length: 6 },
    });
    const { id: device } = await enrol(team);
    const into = `/groups/${group.id}/devices/${device}`;
    const onto = `/policies/${policy.id}/groups/${group.id}`;
    for (const path of [into, into, onto, onto]) expect((await team.call("PUT", path)).status).toBe(204);

    const renamed = await team.call("PATCH", `/groups/${group.id}`, { body: { name: "Floor" } });
    expect(renamed.body["group"]).toMatchObject({ name: "Floor" });
    const changed = await team.call("PATCH", `/policies/${policy.id}`, {
      body: { settings: { camera: true } },
    });
    expect(changed.body["policy"]).toMatchObject({ name: "Kiosk", settings: { camera: true } });
    expect((await team.call("GET", `/groups/${group.id}`)).body["devices"]).toEqual([device]);
    expect((await team.call("GET", `/policies/${policy.id}`)).body["groups"]).toEqual([group.id]);

    for (const path of [onto, into]) expect((await team.call("DELETE", path)).status).toBe(204);
    for (const path of [onto, into]) expectRefusal(await team.call("DELETE", path), 404, "COM0008");
    expect((await team.call("DELETE", `/groups/${group.id}`)).status).toBe(204);
    expect((await team.call("DELETE", `/policies/${policy.id}`)).status).toBe(204);
  });

  test("a policy that is assigned is not deleted: APP0002, until no group has it", async () => {
    const group = await make(team, "groups", { name: "With a policy" });
    const policy = await make(team, "policies", { name: "In use" });
    await team.call("PUT", `/policies/${policy.id}/groups/${group.id}`);
    expectRefusal(await team.call("DELETE", `/policies/${policy.id}`), 412, "APP0002");
    await team.call("DELETE", `/groups/${group.id}`);
    expect((await team.call("DELETE", `/policies/${policy.id}`)).status).toBe(204);
  });

  test.each(["groups", "policies"])("two %s of one name are COM0010", async (plural) => {
    await make(team, plural, { name: "Taken" });
    expectRefusal(await team.call("POST", `/${plural}`, { body: { name: "Taken" } }), 409, "COM0010");
    const other = await make(team, plural, { name: "Free" });
    const rename = await team.call("PATCH", `/${plural}/${other.id}`, { body: { name: "Taken" } });
    expectRefusal(rename, 409, "COM0010");
    expectRefusal(await team.call("PATCH", `/${plural}/none`, { body: { name: "x" } }), 404, "COM0008");
  });
});

test("the inventory counts what the team has, and nothing of any other", async () => {
  const mine = await makeTeam();
  expect((await mine.call("GET", "/inventory")).body).toEqual({
    devices: { total: 0, by_platform: {}, by_status: {} },
    groups: 0,
    policies: 0,
    queued_commands: 0,
  });
  await enrol(mine);
  const { id } = await enrol(mine, { platform: "ios" });
  await mine.call("POST", `/devices/${id}/commands/lock`);
  const { id: gone } = await enrol(mine, { platform: "ios" });
  await mine.call("POST", `/devices/${gone}/commands/wipe`);
  await make(mine, "groups", { name: "One" });
  expect((await mine.call("GET", "/inventory")).body).toEqual({
    devices: { total: 3, by_platform: { android: 1, ios: 2 }, by_status: { managed: 2, wiped: 1 } },
    groups: 1,
    policies: 0,
    queued_commands: 1,
  });
});

describe("between two teams", () => {
  test("nothing is shared: another team's ids are as unknown as those that nobody has", async () => {
    const theirs = await makeTeam();
    const mine = await makeTeam();
    const { id: device } = await enrol(theirs, { location: { latitude: 1, longitude: 1 } });
    const { id: group } = await make(theirs, "groups", { name: "Theirs" });
    const { id: policy } = await make(theirs, "policies", { name: "Theirs" });
    const given = await theirs.call("POST", `/devices/${device}/commands/lock`);
    const { id: command } = expectMade<Row>(given, 201, "command");
    const { id: myGroup } = await make(mine, "groups", { name: "Theirs" });
    const { id: myPolicy } = await make(mine, "policies", { name: "Theirs" });
    const enrolment = (await theirs.call("GET", "/enrolment-tokens")).body["enrolment_tokens"] as Row[];

    const attempts: readonly (readonly [method: string, path: string, body?: object])[] = [
      ["GET", `/devices/${device}`],
      ["GET", `/devices/${device}/location`],
      ["GET", `/devices/${device}/possession`],
      ["PUT", `/devices/${device}/possession`, { state: "lost" }],
      ["GET", `/devices/${device}/commands`],
      ["POST", `/devices/${device}/commands/lock`],
      ["POST", `/devices/${device}/commands/wipe`],
      ["POST", `/devices/${device}/commands/lock/${command}/suspend`],
      ["DELETE", `/devices/${device}`],
      ["GET", `/groups/${group}`],
      ["PATCH", `/groups/${group}`, { name: "Mine" }],
      ["DELETE", `/groups/${group}`],
      ["PUT", `/groups/${myGroup}/devices/${device}`],
      ["PUT", `/groups/${group}/devices/${device}`],
      ["GET", `/policies/${policy}`],
      ["PATCH", `/policies/${policy}`, { name: "Mine" }],
      ["DELETE", `/policies/${policy}`],
      ["PUT", `/policies/${policy}/groups/${group}`],
      ["PUT", `/policies/${myPolicy}/groups/${group}`],
      ["PUT", `/policies/${policy}/groups/${myGroup}`],
      ["DELETE", `/enrolment-tokens/${enrolment[0]?.id}`],
    ];
    for (const [method, path, body] of attempts) {
      const answer = await mine.call(method, path, body === undefined ? {} : { body });
      expectRefusal(answer, 404, "COM0008");
    }
    for (const path of ["/devices", "/enrolment-tokens"]) {
      expect((await mine.call("GET", path)).body).toMatchObject({ next_cursor: null });
      expect(JSON.stringify((await mine.call("GET", path)).body)).not.toContain(theirs.id);
    }
    const kept = await theirs.call("GET", `/devices/${device}`);
    expect(kept.body["device"]).toMatchObject({ status: "managed" });
    expect((await theirs.call("GET", `/groups/${group}`)).body["group"]).toMatchObject({ name: "Theirs" });
  });
});

describe("a body", () => {
  test.each([
    ["empty where one is needed", "/groups", undefined, "COM0006"],
    ["not JSON", "/groups", "{name", "COM0014"],
    ["no object", "/groups", [], "COM0005"],
    ["with an unknown member", "/groups", { name: "x", team: "team_other" }, "COM0005"],
    ["with a name of blanks", "/groups", { name: "  " }, "COM0005"],
    ["with a setting that is no value", "/policies", { name: "x", settings: { a: {} } }, "COM0005"],
    ["with half a location", "/devices", { location: { latitude: 1 } }, "COM0005"],
  ])("%s is refused", async (_, path, body, code) => {
    expectRefusal(await team.call("POST", path, { body }), 400, code);
  });

  test("is not repeated in the refusal", async () => {
    const refused = await team.call("POST", "/groups", { body: { secret_word: 1, name: "x" } });
    expectRefusal(refused, 400, "COM0005");
    expect(JSON.stringify(refused.body)).not.toContain("secret_word");
  });
});
