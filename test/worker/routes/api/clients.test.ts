import { generateKeyPairSync } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { builtInIndex } from "../../../../src/catalogues/index.ts";
import { isClientId } from "../../../../src/domain/public-id.ts";
import { clientBody, clientsPath, makeClient, patchClient, TYPES, type ClientType } from "../../clients.ts";
import { noOtherRegions } from "../../regions/support.ts";
import {
  call,
  expectAnswer,
  expectRefusal,
  issue,
  makeTeam,
  rows,
  statusesOf,
  unique,
  wholeStore,
  type Answer,
} from "../../support.ts";

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const KEY = publicKey.export({ format: "jwk" }) as Record<string, string>;
const JWKS = { keys: [{ ...KEY, kid: "1" }] };

let team = "";
beforeAll(async () => {
  team = (await makeTeam({ plan: "enterprise" })).id;
});

function register(type: ClientType, more: object = {}): Promise<Answer> {
  return call("POST", clientsPath(team), { body: clientBody(type, more) });
}

/** Expects a refusal that names the member, in English and in the caller's language. */
function expectNamed(answer: Answer, status: number, code: string, member: string): void {
  expect(expectRefusal(answer, status, code).error_description).toContain(member);
}

noOtherRegions();

describe("a client of each type", () => {
  test.each(TYPES)(
    "%s is registered with what it needs, and has a secret only if it can keep one",
    async (type) => {
      const { client, secret } = await makeClient(team, type, { permissions: ["EMM.Devices.VIEW"] });
      expect(isClientId(client.id)).toBe(true);
      expect(client.id).toMatch(/^cli_us_/);
      expect(client).toMatchObject({ team, type, created_by: "operator", regions: [], jwks: null });
      if (type === "server" || type === "self") expect(secret).toMatch(/^jtn_cs_us_[0-9A-Za-z]{36}$/);
      else expect(secret).toBeNull();
      const shown = await call("GET", clientsPath(team, client.id));
      expect(expectAnswer(shown, 200, "Client").client).toEqual(client);
      expect(shown.headers.get("ETag")).toBe('"v1"');
    },
  );

  test("takes all the fields of its type", async () => {
    const common = {
      homepage_url: "https://home.example/#/",
      permissions: ["EMM.Roles.MANAGE", "EMM.Devices.VIEW"],
    };
    const { client } = await makeClient(team, "browser", {
      ...common,
      redirect_uris: ["https://a.example/cb", "http://localhost:3000/cb"],
      js_origins: ["https://a.example", "http://localhost:3000"],
      regions: ["eu", "in"],
    });
    expect(client).toMatchObject({
      homepage_url: common.homepage_url,
      redirect_uris: ["https://a.example/cb", "http://localhost:3000/cb"],
      js_origins: ["https://a.example", "http://localhost:3000"],
      regions: ["eu", "in"],
      same_secret_everywhere: false,
    });
    expect(client.permissions).toEqual([
      "EMM.Devices.VIEW",
      "EMM.EnrolmentTokens.VIEW",
      "EMM.Groups.VIEW",
      "EMM.Policies.VIEW",
      "EMM.Roles.MANAGE",
      "EMM.Roles.VIEW",
      "EMM.Team.VIEW",
    ]);
    const shared = await makeClient(team, "server", { same_secret_everywhere: true, regions: ["eu"] });
    expect(shared.client.same_secret_everywhere).toBe(true);
  });

  const OTHERS: readonly (readonly [ClientType, string, unknown])[] = [
    ["server", "js_origins", ["https://a.example"]],
    ["mobile", "js_origins", ["https://a.example"]],
    ["device", "js_origins", []],
    ["self", "js_origins", ["https://a.example"]],
    ["device", "redirect_uris", ["https://a.example/cb"]],
    ["self", "redirect_uris", []],
    ["self", "homepage_url", "https://a.example"],
    ["browser", "jwks", JWKS],
    ["mobile", "jwks", JWKS],
    ["device", "jwks", JWKS],
    ["browser", "same_secret_everywhere", true],
    ["mobile", "same_secret_everywhere", true],
    ["device", "same_secret_everywhere", true],
  ];

  test.each(OTHERS)("%s has no %s, and is told so", async (type, member, value) => {
    expectNamed(await register(type, { [member]: value }), 422, "COM0009", member);
  });

  test.each(["browser", "server", "mobile"] as const)("%s needs a redirect URI", async (type) => {
    expectNamed(await register(type, { redirect_uris: undefined }), 400, "COM0005", "redirect_uris");
    expectNamed(await register(type, { redirect_uris: [] }), 400, "COM0005", "redirect_uris");
    const { id } = await makeClient(team, type);
    expectNamed(await patchClient(team, id, { redirect_uris: [] }), 400, "COM0005", "redirect_uris");
  });

  test.each([
    ["browser", "redirect_uris[1]", { redirect_uris: ["https://a.example/", "com.example.app:/cb"] }],
    ["server", "redirect_uris[0]", { redirect_uris: ["http://a.example/cb"] }],
    ["server", "redirect_uris[0]", { redirect_uris: ["https://a.example/cb#x"] }],
    ["server", "redirect_uris[0]", { redirect_uris: ["https://*.a.example/cb"] }],
    ["mobile", "redirect_uris[0]", { redirect_uris: ["javascript:alert(1)"] }],
    ["mobile", "redirect_uris[0]", { redirect_uris: ["myapp://cb"] }],
    [
      "server",
      "redirect_uris",
      { redirect_uris: Array.from({ length: 21 }, (_, n) => `https://a.example/${n}`) },
    ],
    ["server", "redirect_uris", { redirect_uris: "https://a.example/cb" }],
    ["browser", "js_origins[0]", { js_origins: ["https://a.example/"] }],
    ["browser", "js_origins[0]", { js_origins: ["*"] }],
    ["device", "homepage_url", { homepage_url: "javascript:alert(1)" }],
    ["device", "homepage_url", { homepage_url: null }],
    ["device", "name", { name: "" }],
    ["device", "name", { name: undefined }],
    ["device", "type", { type: "native" }],
    ["device", "type", { type: undefined }],
    ["device", "permissions", { permissions: [] }],
    ["device", "permissions[0]", { permissions: ["EMM.Nothing.VIEW"] }],
    ["device", "permissions[1]", { permissions: ["EMM.Devices.VIEW", "one-api-all-channels"] }],
    ["device", "regions[0]", { regions: ["us"] }],
    ["device", "regions[1]", { regions: ["eu", "eu"] }],
    ["device", "regions[0]", { regions: ["xx"] }],
    ["server", "jwks.keys", { jwks: { keys: [] } }],
    ["server", "jwks.keys[0]", { jwks: { keys: [privateKey.export({ format: "jwk" })] } }],
    ["server", "jwks.keys[0]", { jwks: { keys: [{ kty: "oct", k: "AQAB" }] } }],
    // On no curve: it has the form of a point, and is none.
    ["server", "jwks.keys[1]", { jwks: { keys: [...JWKS.keys, { ...KEY, y: KEY["x"], kid: "2" }] } }],
    ["server", "jwks", { jwks: { keys: JWKS.keys, secret: "x" } }],
  ] as const)("%s is not registered with a wrong %s", async (type, member, more) => {
    expectNamed(await register(type, more), 400, "COM0005", member);
  });

  test("is not registered with a permission whose requirement is missing, nor with members that nobody knows", async () => {
    expectNamed(
      await register("device", { permissions: ["EMM.DeviceCommands.LOCK"] }),
      422,
      "COM0009",
      "EMM.Devices.VIEW",
    );
    for (const member of ["client_secret", "id", "team", "created_by", "secret"]) {
      expectRefusal(await register("device", { [member]: "x" }), 400, "COM0005");
    }
  });

  test("with keys of its own has no secret, and its answers show the keys", async () => {
    for (const type of ["server", "self"] as const) {
      const { client, secret } = await makeClient(team, type, { jwks: JWKS });
      expect(secret).toBeNull();
      expect(client.jwks).toEqual(JWKS);
      expect(await rows("SELECT hash FROM client_secrets WHERE client_id = ?", client.id)).toEqual([]);
    }
    expectNamed(
      await register("server", { jwks: JWKS, same_secret_everywhere: true }),
      422,
      "COM0009",
      "same_secret_everywhere",
    );
  });
});

describe("registering", () => {
  test("leaves an audit event, and nowhere the secret", async () => {
    const { client, secret } = await makeClient(team, "self", { permissions: ["EMM.Devices.VIEW"] });
    const events = await rows<{ type: string; detail: string }>(
      "SELECT type, detail FROM audit_events WHERE subject = ?",
      client.id,
    );
    expect(events.map(({ type }) => type)).toEqual(["client.created"]);
    expect(JSON.parse(events[0]?.detail ?? "")).toMatchObject({
      after: { type: "self", name: client.name, permissions: client.permissions },
    });
    expect(await wholeStore()).not.toContain(secret);
  });

  test("again by the same Idempotency-Key gives the same client, without its secret", async () => {
    const sending = { body: clientBody("server"), headers: { "Idempotency-Key": unique("key") } };
    const first = expectAnswer(await call("POST", clientsPath(team), sending), 201, "CreatedClient");
    const again = expectAnswer(await call("POST", clientsPath(team), sending), 201, "CreatedClient");
    expect(first.client_secret).not.toBeNull();
    expect(again).toEqual({ client: first.client, client_secret: null, replayed: true });
  });

  test("of more than the plan allows is refused, exactly, and the answer names the quota", async () => {
    const { id } = await makeTeam({ plan: "free" });
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => call("POST", clientsPath(id), { body: clientBody("device") })),
    );
    expect(statusesOf(answers)).toEqual({ 201: 2, 409: 10 });
    for (const answer of answers.filter(({ status }) => status === 409)) {
      expect(expectRefusal(answer, 409, "COM0010").quota).toEqual({ name: "clients", limit: 2 });
    }
    const listed = expectAnswer(await call("GET", clientsPath(id)), 200, "Clients").clients;
    expect(listed).toHaveLength(2);
    await call("DELETE", clientsPath(id, listed[0]?.id));
    await makeClient(id, "device");
  });

  test("for a team that is not there is refused", async () => {
    expectRefusal(await call("POST", clientsPath("team_x"), { body: clientBody("device") }), 404, "COM0008");
    expectRefusal(await call("GET", clientsPath("team_x")), 404, "COM0008");
  });
});

describe("a list of clients", () => {
  test("goes through all of a team's, newest first, and no other team's", async () => {
    const [{ id: mine }, { id: other }] = [await makeTeam({ plan: "enterprise" }), await makeTeam()];
    const made: string[] = [];
    for (let n = 0; n < 5; n += 1) made.push((await makeClient(mine, "device")).id);
    await makeClient(other, "device");
    const found: string[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const path: string = `${clientsPath(mine)}?limit=2${cursor && `&cursor=${cursor}`}`;
      const page = expectAnswer(await call("GET", path), 200, "Clients");
      found.push(...page.clients.map(({ id }) => id));
      cursor = page.next_cursor;
    }
    expect(found).toEqual(made.toSorted().toReversed());
  });

  test.each([
    "limit=0",
    "limit=x",
    "cursor=x",
    "cursor=cli_us_",
    "cursor=cli_xx_01kaaaaaaaaaaaaaaaaaaaaaaa",
    "cursor=tok_01kaaaaaaaaaaaaaaaaaaaaaaa",
  ])("is refused at %s", async (query) => {
    expectRefusal(await call("GET", `${clientsPath(team)}?${query}`), 400, "COM0003");
  });

  test("and one of it is another team's to nobody", async () => {
    const { id } = await makeClient(team, "self");
    const other = (await makeTeam()).id;
    const { token } = await issue(other, { permission_sets: ["emm-full"] });
    for (const as of [token, undefined]) {
      const sending = as === undefined ? {} : { as };
      expectRefusal(await call("GET", clientsPath(other, id), sending), 404, "COM0008");
      expectRefusal(await patchClient(other, id, { name: "x" }, sending), 404, "COM0008");
      expectRefusal(await call("DELETE", clientsPath(other, id), sending), 404, "COM0008");
      expectRefusal(
        await call("POST", clientsPath(other, id, "secrets"), { ...sending, body: {} }),
        404,
        "COM0008",
      );
      const body = { scope: "EMM.Team.VIEW", description: "x" };
      expectRefusal(
        await call("POST", clientsPath(other, id, "grant-tokens"), { ...sending, body }),
        404,
        "COM0008",
      );
    }
    expectRefusal(await call("GET", clientsPath(team, id), { as: token }), 403, "TOK0002");
  });
});

describe("changing a client", () => {
  test("changes what was named, and nothing else", async () => {
    const { id, client } = await makeClient(team, "browser", { permissions: ["EMM.Devices.VIEW"] });
    const edit = {
      name: "Renamed",
      homepage_url: "https://new.example",
      redirect_uris: ["https://new.example/cb"],
      js_origins: ["https://new.example"],
      permissions: ["EMM.Team.VIEW"],
    };
    const answer = await patchClient(team, id, edit);
    const changed = expectAnswer(answer, 200, "Client").client;
    expect(changed).toEqual({ ...client, ...edit, updated_at: changed.updated_at });
    expect(answer.headers.get("ETag")).toBe('"v2"');
    expect(expectAnswer(await patchClient(team, id, { homepage_url: null }), 200, "Client").client).toEqual({
      ...changed,
      homepage_url: null,
      updated_at: expect.any(String),
    });
    const [created, updated] = await rows<{ type: string; detail: string }>(
      "SELECT type, detail FROM audit_events WHERE subject = ? ORDER BY rowid",
      id,
    );
    expect([created?.type, updated?.type]).toEqual(["client.created", "client.updated"]);
    expect(JSON.parse(updated?.detail ?? "")).toMatchObject({
      before: { name: client.name, redirect_uris: client.redirect_uris },
      after: { name: "Renamed", redirect_uris: edit.redirect_uris },
    });
  });

  test.each(["type", "same_secret_everywhere", "team", "id", "client_secret"])(
    "cannot change %s",
    async (member) => {
      const { id } = await makeClient(team, "server");
      expectRefusal(await patchClient(team, id, { [member]: "self" }), 400, "COM0005");
    },
  );

  test("holds to the type's fields as registering does", async () => {
    const [server, self, mobile] = [
      await makeClient(team, "server"),
      await makeClient(team, "self"),
      await makeClient(team, "mobile"),
    ];
    expectNamed(await patchClient(team, server.id, { js_origins: [] }), 422, "COM0009", "js_origins");
    expectNamed(
      await patchClient(team, self.id, { redirect_uris: ["https://a.example/"] }),
      422,
      "COM0009",
      "redirect_uris",
    );
    expectNamed(await patchClient(team, self.id, { homepage_url: null }), 422, "COM0009", "homepage_url");
    expectNamed(await patchClient(team, mobile.id, { jwks: null }), 422, "COM0009", "jwks");
    expectNamed(
      await patchClient(team, server.id, { redirect_uris: ["com.example.app:/cb"] }),
      400,
      "COM0005",
      "redirect_uris[0]",
    );
    expectNamed(
      await patchClient(team, mobile.id, { redirect_uris: ["data:text/html,x"] }),
      400,
      "COM0005",
      "redirect_uris[0]",
    );
  });

  test("under If-Match happens only to the client as it was read; of parallel changes one wins", async () => {
    const { id } = await makeClient(team, "device");
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        patchClient(team, id, { name: `n${n}` }, { headers: { "If-Match": '"v1"' } }),
      ),
    );
    expect(statusesOf(answers)).toEqual({ 200: 1, 412: 9 });
    expectRefusal(
      await patchClient(team, id, { name: "x" }, { headers: { "If-Match": '"v1"' } }),
      412,
      "COM0015",
    );
    expectAnswer(
      await patchClient(team, id, { name: "x" }, { headers: { "If-Match": '"v2"' } }),
      200,
      "Client",
    );
  });

  test("without a condition loses none of parallel changes", async () => {
    const { id } = await makeClient(team, "browser");
    const edits = [
      { name: "parallel" },
      { homepage_url: "https://p.example" },
      { js_origins: ["https://p.example"] },
    ];
    await Promise.all(edits.map((edit) => patchClient(team, id, edit)));
    const { client } = expectAnswer(await call("GET", clientsPath(team, id)), 200, "Client");
    expect(client).toMatchObject(Object.assign({}, ...edits) as object);
    const types = await rows(
      "SELECT type FROM audit_events WHERE subject = ? AND type = 'client.updated'",
      id,
    );
    expect(types).toHaveLength(3);
  });

  test("gives it keys in the place of its secrets, and back", async () => {
    const { id } = await makeClient(team, "server");
    const keyed = expectAnswer(await patchClient(team, id, { jwks: JWKS }), 200, "Client").client;
    expect(keyed.jwks).toEqual(JWKS);
    expect(await rows("SELECT hash FROM client_secrets WHERE client_id = ?", id)).toEqual([]);
    const path = clientsPath(team, id, "secrets");
    expectRefusal(await call("POST", path, { body: {} }), 409, "COM0010");
    expect(expectAnswer(await patchClient(team, id, { jwks: null }), 200, "Client").client.jwks).toBeNull();
    expect(
      expectAnswer(await call("POST", path, { body: {} }), 201, "CreatedClient").client_secret,
    ).not.toBeNull();
  });
});

test("what no permissions are named for may be granted everything that its maker holds at that moment", async () => {
  const everything = (await makeClient(team, "device")).client.permissions;
  expect(everything).toEqual([...builtInIndex.permissions.keys()].sort());
  const { token } = await issue(team, { permissions: ["EMM.AccessTokens.CREATE", "EMM.Reports.GENERATE"] });
  const { client } = await makeClient(team, "device", {}, { as: token });
  expect(client.permissions).toEqual([
    "EMM.AccessTokens.CREATE",
    "EMM.AccessTokens.VIEW",
    "EMM.Reports.GENERATE",
    "EMM.Reports.VIEW",
    "EMM.Team.VIEW",
  ]);
});
