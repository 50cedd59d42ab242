import { exportJWK, generateKeyPair } from "jose";
import { describe, expect, test } from "vitest";
import { clientsPath, makeClient, patchClient, TYPES, type ClientType } from "../../clients.ts";
import {
  consoleTeam,
  expectHarmless,
  expectNotForRole,
  fieldOf,
  HOSTILE,
  open,
  submit,
} from "../../console-pages.ts";
import { call, expectAnswer, rows } from "../../support.ts";

const clientsOf = async (team: string) =>
  expectAnswer(await call("GET", clientsPath(team)), 200, "Clients").clients;

const readClient = async (team: string, id: string) =>
  expectAnswer(await call("GET", clientsPath(team, id)), 200, "Client").client;

const RIGHTS = [
  ["grade:EMM.Devices", "EMM.Devices.VIEW"],
  ["permission", "EMM.DeviceCommands.LOCK"],
] as const;

/** What each type asks for on its form, beside its name and rights. */
const FIELDS: Readonly<Record<ClientType, readonly string[]>> = {
  browser: ["homepage", "redirects", "origins"],
  server: ["homepage", "redirects", "keys"],
  mobile: ["homepage", "redirects"],
  device: ["homepage"],
  self: ["keys"],
};

const REDIRECTS: Readonly<Record<ClientType, string>> = {
  browser: "https://browser.example/cb",
  server: "https://server.example/cb\r\nhttp://127.0.0.1/cb\r\n",
  mobile: "com.example.app:/cb",
  device: "",
  self: "",
};

describe("the Clients page", () => {
  test("teaches what belongs there, and then lists it", async () => {
    const { team, owner, base } = await consoleTeam();
    const empty = await open(owner, `${base}/clients`);
    expect(empty.html).toContain("No clients yet");
    expect(empty.html).toContain(`href="${base}/clients" aria-current="page"`);
    const { id } = await makeClient(team.id, "device", { name: "Screens" });
    const { html } = await open(owner, `${base}/clients`);
    for (const text of ["Screens", id, "Non-browser", `${base}/clients/${id}"`, `${base}/clients/new"`]) {
      expect(html).toContain(text);
    }
  });

  test("shows those who may only view no way to change anything", async () => {
    const { team, base, with: somebody } = await consoleTeam();
    const { id } = await makeClient(team.id, "self");
    const viewer = await somebody("EMM.AccessTokens.VIEW");
    expect((await open(viewer, `${base}/clients`)).html).not.toContain(`${base}/clients/new`);
    const { status, html } = await open(viewer, `${base}/clients/${id}`);
    expect(status).toBe(200);
    for (const way of ["edit", "secret", "code", "delete"]) {
      expect(html).not.toContain(`${id}/${way}`);
      const needed = way === "delete" ? "EMM.AccessTokens.DELETE" : "EMM.AccessTokens.CREATE";
      expectNotForRole(await open(viewer, `${base}/clients/${id}/${way}`), needed);
      expectNotForRole(await submit(viewer, `${base}/clients/${id}/${way}`), needed);
    }
    expectNotForRole(await open(viewer, `${base}/clients/new`), "EMM.AccessTokens.CREATE");
    expectNotForRole(await open(viewer, `${base}/clients/new/self`), "EMM.AccessTokens.CREATE");
  });

  test("is not for a role without it", async () => {
    const { base, with: somebody } = await consoleTeam();
    expectNotForRole(await open(await somebody("EMM.Team.VIEW"), `${base}/clients`), "EMM.AccessTokens.VIEW");
  });

  test("escapes hostile names, and links to no home page that is none", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id } = await makeClient(team.id, "self", { name: HOSTILE });
    for (const path of ["", `/${id}`, `/${id}/edit`, `/${id}/secret`, `/${id}/code`, `/${id}/delete`]) {
      expectHarmless(await open(owner, `${base}/clients${path}`));
    }
  });

  test("of another team is not found", async () => {
    const { owner, base } = await consoleTeam();
    const other = await consoleTeam();
    const { id } = await makeClient(other.team.id, "self");
    for (const path of ["", "/edit", "/secret", "/code", "/delete"]) {
      expect((await open(owner, `${base}/clients/${id}${path}`)).status).toBe(404);
    }
    expect((await submit(owner, `${base}/clients/${id}/delete`)).status).toBe(404);
    expect(await clientsOf(other.team.id)).toHaveLength(1);
  });
});

describe("a new client", () => {
  test("is of one of five types, each explained", async () => {
    const { owner, base } = await consoleTeam();
    const { html } = await open(owner, `${base}/clients/new`);
    for (const type of TYPES) expect(html).toContain(`${base}/clients/new/${type}"`);
    for (const name of ["Client-based", "Server-based", "Mobile-based", "Non-browser", "Self client"]) {
      expect(html).toContain(name);
    }
    expect((await open(owner, `${base}/clients/new/other`)).status).toBe(404);
    expect((await submit(owner, `${base}/clients/new/other`)).status).toBe(404);
  });

  test.each(TYPES)("of the type %s has exactly its fields, and is registered with them", async (type) => {
    const { team, owner, base } = await consoleTeam();
    const path = `${base}/clients/new/${type}`;
    const { html } = await open(owner, path);
    const shown = ["homepage", "redirects", "origins", "keys"].filter((name) =>
      html.includes(`name="${name}"`),
    );
    expect(shown).toEqual(FIELDS[type]);
    const typed = FIELDS[type].map((name): [string, string] => [
      name,
      { homepage: "https://app.example", redirects: REDIRECTS[type], origins: "https://js.example" }[name] ??
        "",
    ]);
    const made = await submit(owner, path, [["name", "Mine"], ...typed, ...RIGHTS, ["do", "create"]]);
    const [client] = await clientsOf(team.id);
    expect(client).toMatchObject({
      type,
      name: "Mine",
      homepage_url: FIELDS[type].includes("homepage") ? "https://app.example" : null,
      redirect_uris: REDIRECTS[type].split(/\s+/).filter((uri) => uri !== ""),
      js_origins: type === "browser" ? ["https://js.example"] : [],
      jwks: null,
    });
    expect(client?.permissions).toContain("EMM.DeviceCommands.LOCK");
    expect(client?.permissions).not.toContain("EMM.DeviceCommands.WIPE");
    if (type === "server" || type === "self") {
      // Once, on the page that answers; with both, it can be set up.
      expect(made.status).toBe(200);
      expect(made.html).toMatch(/value="jtn_cs_us_\w{36}"/);
      expect(made.html).toContain(`value="${client?.id}"`);
      expect(made.headers.get("Cache-Control")).toBe("no-store");
    } else {
      expect([made.status, made.location]).toEqual([303, `${base}/clients/${client?.id}?created=1`]);
      expect((await open(owner, made.location ?? "")).html).toContain("Mine is registered.");
    }
    expect((await open(owner, `${base}/clients/${client?.id}`)).html).not.toContain("jtn_cs_");
  });

  test("authenticates by keys of its own when some are given, and then has no secret", async () => {
    const { team, owner, base } = await consoleTeam();
    const path = `${base}/clients/new/self`;
    const { publicKey } = await generateKeyPair("ES256", { extractable: true });
    const { kty, crv, x, y } = await exportJWK(publicKey);
    const keys = JSON.stringify({ keys: [{ kty, crv, x, y, kid: "1" }] });
    const form = [["name", "Signs"], ["keys", keys], ...RIGHTS] as const;
    const broken = await submit(owner, path, [["name", "Signs"], ["keys", "{"], ...RIGHTS]);
    expect([broken.status, broken.html.includes("That is no JSON")]).toEqual([400, true]);
    const made = await submit(owner, path, form);
    expect(made.status, made.html).toBe(303);
    const [client] = await clientsOf(team.id);
    const { html } = await open(owner, `${base}/clients/${client?.id}`);
    expect(html).toContain("It signs its requests with 1 key.");
    expect(html).not.toContain(`${client?.id}/secret`);
    expect((await open(owner, `${base}/clients/${client?.id}/secret`)).location).toBe(
      `${base}/clients/${client?.id}`,
    );
  });

  test("that is refused keeps what was typed, and names the line that is wrong", async () => {
    const { team, owner, base } = await consoleTeam();
    const shown = await submit(owner, `${base}/clients/new/server`, [
      ["name", HOSTILE],
      ["homepage", "https://app.example"],
      ["redirects", `https://server.example/cb\r\nhttp://server.example/cb`],
      ...RIGHTS,
    ]);
    expect(shown.status).toBe(400);
    expect(shown.html).toContain("Redirect URIs (2)");
    expect(fieldOf(shown, "homepage")).toBe("https://app.example");
    expect(shown.html).toContain("https://server.example/cb\nhttp://server.example/cb</textarea>");
    expect(shown.html).toMatch(/value="EMM.DeviceCommands.LOCK" checked/);
    expectHarmless(shown);
    expect(await clientsOf(team.id)).toEqual([]);
  });

  test("gets nothing that nobody chose, and no more than its maker holds", async () => {
    const { team, base, owner, with: somebody } = await consoleTeam();
    const none = await submit(owner, `${base}/clients/new/device`, { name: "Nothing" });
    expect([none.status, none.html.includes("The most that it can be granted")]).toEqual([400, true]);
    const maker = await somebody("EMM.AccessTokens.CREATE");
    const more = await submit(maker, `${base}/clients/new/device`, [["name", "More"], ...RIGHTS]);
    expect(more.status).toBe(400);
    expect(more.html).toContain("You cannot give permissions that you do not hold");
    expect(await clientsOf(team.id)).toEqual([]);
  });

  test("is summed up without being registered, and not registered by a form from elsewhere", async () => {
    const { team, owner, base } = await consoleTeam();
    const path = `${base}/clients/new/device`;
    const summed = await submit(owner, path, [["name", "Half"], ...RIGHTS, ["do", "summary"]]);
    expect([summed.status, fieldOf(summed, "name")]).toEqual([200, "Half"]);
    expect(summed.html).toContain("This client can be allowed to");
    for (const headers of [{}, { "Sec-Fetch-Site": "cross-site" }, { Origin: "https://evil.example" }]) {
      expect((await submit(owner, path, [["name", "Evil"], ...RIGHTS], headers)).status).toBe(403);
    }
    expect(await clientsOf(team.id)).toEqual([]);
  });
});

describe("a client's own page", () => {
  test("saves what is changed, and gives up what was emptied", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id } = await makeClient(team.id, "browser", {
      homepage_url: "https://old.example",
      permissions: ["EMM.Devices.VIEW", "EMM.DeviceCommands.LOCK"],
      js_origins: ["https://js.example"],
    });
    const path = `${base}/clients/${id}/edit`;
    const shown = await open(owner, path);
    expect(shown.html).toContain("https://browser.example/cb</textarea>");
    const saved = await submit(owner, path, [
      ["name", "Renamed"],
      ["homepage", ""],
      ["redirects", "https://browser.example/new"],
      ["origins", ""],
      ["grade:EMM.Devices", "EMM.Devices.VIEW"],
      ["etag", fieldOf(shown, "etag")],
    ]);
    expect([saved.status, saved.location]).toEqual([303, `${base}/clients/${id}?saved=1`]);
    const after = await readClient(team.id, id);
    expect(after).toMatchObject({
      name: "Renamed",
      homepage_url: null,
      redirect_uris: ["https://browser.example/new"],
      js_origins: [],
    });
    expect(after.permissions).not.toContain("EMM.DeviceCommands.LOCK");
  });

  test("tells of somebody else's change before it is saved over", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id } = await makeClient(team.id, "device", { permissions: ["EMM.Devices.VIEW"] });
    const path = `${base}/clients/${id}/edit`;
    const etag = fieldOf(await open(owner, path), "etag");
    expectAnswer(await patchClient(team.id, id, { name: "Theirs" }), 200, "Client");
    const form = { name: "Mine", homepage: "", "grade:EMM.Devices": "EMM.Devices.VIEW" };
    const shown = await submit(owner, path, { ...form, etag });
    expect(shown.status).toBe(412);
    expect(shown.html).toContain("<dd>Theirs</dd>");
    expect((await readClient(team.id, id)).name).toBe("Theirs");
    expect((await submit(owner, path, { ...form, etag: fieldOf(shown, "etag") })).status).toBe(303);
    expect((await readClient(team.id, id)).name).toBe("Mine");
  });

  test("offers no change to who holds less than the client, and takes none", async () => {
    const { team, base, with: somebody } = await consoleTeam();
    const { id, client } = await makeClient(team.id, "self", { permissions: ["EMM.Billing.MANAGE"] });
    const lesser = await somebody("EMM.AccessTokens.CREATE");
    const { html } = await open(lesser, `${base}/clients/${id}`);
    expect(html).toContain("This client can be granted more than you hold");
    expect(html).not.toContain(`${id}/secret`);
    for (const [way, form] of [
      ["edit", { name: "Taken", "grade:EMM.Billing": "EMM.Billing.MANAGE" }],
      ["secret", { overlap: "0" }],
    ] as const) {
      for (const shown of [
        await open(lesser, `${base}/clients/${id}/${way}`),
        await submit(lesser, `${base}/clients/${id}/${way}`, form),
      ]) {
        expect(shown.status).toBe(403);
        expect(shown.html).toContain("This client can be granted more than you hold");
        expect(shown.html).not.toContain("jtn_cs_");
      }
    }
    expect(await readClient(team.id, id)).toEqual(client);
  });
});

describe("a new secret", () => {
  test("is shown once, and the old one goes on for as long as was chosen", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id } = await makeClient(team.id, "server");
    const path = `${base}/clients/${id}/secret`;
    expect((await open(owner, path)).html).toContain("<select");
    const before = Date.now();
    const made = await submit(owner, path, { overlap: "3600" });
    expect(made.status).toBe(200);
    expect(made.html).toMatch(/value="jtn_cs_us_\w{36}"/);
    expect(made.html).toContain("one hour more");
    const stored = await rows<{ expires_at: number | null }>(
      "SELECT expires_at FROM client_secrets WHERE client_id = ? ORDER BY created_at, expires_at DESC",
      id,
    );
    expect(stored.map(({ expires_at: at }) => at === null)).toEqual(
      expect.arrayContaining([true, false]) as unknown,
    );
    const ends = stored.flatMap(({ expires_at: at }) => (at === null ? [] : [at]));
    expect(ends[0]).toBeGreaterThanOrEqual(before + 3_600_000);
  });

  test("is for those alone that keep one, and not made by a form from elsewhere", async () => {
    const { team, owner, base } = await consoleTeam();
    const publicOne = await makeClient(team.id, "mobile");
    const path = `${base}/clients/${publicOne.id}/secret`;
    expect((await open(owner, path)).location).toBe(`${base}/clients/${publicOne.id}`);
    const refused = await submit(owner, path, { overlap: "0" });
    expect([refused.status, refused.html.includes("jtn_cs_")]).toEqual([400, false]);
    const { id } = await makeClient(team.id, "server");
    expect((await submit(owner, `${base}/clients/${id}/secret`, { overlap: "0" }, {})).status).toBe(403);
    expect(await rows("SELECT hash FROM client_secrets WHERE client_id = ?", id)).toHaveLength(1);
  });
});

describe("deleting a client", () => {
  test("asks and says what goes with it, then deletes", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id } = await makeClient(team.id, "self", { name: "Old one" });
    const asked = await open(owner, `${base}/clients/${id}/delete`);
    expect(asked.html).toContain("Delete Old one?");
    expect(asked.html).toContain("access tokens and refresh tokens");
    const deleted = await submit(owner, `${base}/clients/${id}/delete`);
    expect(deleted.location).toBe(`${base}/clients?removed=1`);
    expect((await open(owner, deleted.location ?? "")).html).toContain("The client is deleted.");
    expect(await clientsOf(team.id)).toEqual([]);
    expect((await open(owner, `${base}/clients/${id}`)).status).toBe(404);
  });

  test("is not done by a form from elsewhere", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id } = await makeClient(team.id, "self");
    expect((await submit(owner, `${base}/clients/${id}/delete`, {}, {})).status).toBe(403);
    expect(await clientsOf(team.id)).toHaveLength(1);
  });
});
