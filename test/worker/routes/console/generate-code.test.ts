import { describe, expect, test } from "vitest";
import { makeClient } from "../../clients.ts";
import {
  consoleTeam,
  expectHarmless,
  expectNotForRole,
  fieldOf,
  HOSTILE,
  open,
  submit,
} from "../../console-pages.ts";
import { expectTokens, post } from "../../oauth/support.ts";
import { rows, sealed } from "../../support.ts";

const PERMISSIONS = ["MDMOnDemand.MDMInventory.READ", "MDMOnDemand.MDMUser.READ"];
const FORM = { scope: PERMISSIONS.join(","), minutes: "5", description: "Nightly sync" };

async function ready() {
  const there = await consoleTeam();
  const client = await makeClient(there.team.id, "self", { permissions: PERMISSIONS });
  return { ...there, client, path: `${there.base}/clients/${client.id}/code` };
}

const codeIn = (html: string): string => /value="(jtn_gc_us_\w{36})"/.exec(html)?.[1] ?? "";

const grantsOf = (client: string) => rows("SELECT id FROM grants WHERE client_id = ?", client);

describe("Generate code", () => {
  test("offers seed 002's durations, and what the client can be granted", async () => {
    const { owner, path } = await ready();
    const { html } = await open(owner, path);
    for (const label of [
      "Scope",
      "Time duration",
      "Scope description",
      "Create",
      "2 minutes",
      "10 minutes",
    ]) {
      expect(html).toContain(label);
    }
    expect(html).toContain('<option value="2" selected');
    expect(html.replaceAll("<wbr/>", "")).toContain(PERMISSIONS[0]);
  });

  test("makes a code that is exchanged for tokens of the person who made it", async () => {
    const { owner, path, client } = await ready();
    const made = await submit(owner, path, FORM);
    expect(made.status).toBe(200);
    expect(made.html).toContain("within 5 minutes");
    expect(made.headers.get("Cache-Control")).toBe("no-store");
    const code = codeIn(made.html);
    expect([...made.html.matchAll(/(?:href|action)="([^"]*)"/g)].join()).not.toContain(code);
    const tokens = expectTokens(
      await post("/oauth/v2/token", {
        grant_type: "authorization_code",
        client_id: client.id,
        client_secret: client.secret ?? "",
        code,
      }),
    );
    expect(tokens.scope.split(" ")).toEqual(PERMISSIONS);
    expect(tokens.refresh_token).toMatch(/^jtn_rt_us_/);
    expect(await rows("SELECT user_id FROM grants WHERE client_id = ?", client.id)).toEqual([
      { user_id: owner.user },
    ]);
  });

  test("gives the code as a file, by a form and never by an address", async () => {
    const { owner, path, client } = await ready();
    const code = codeIn((await submit(owner, path, FORM)).html);
    const file = await submit(owner, `${path}/download`, { code });
    expect(file.status).toBe(200);
    expect(file.headers.get("Content-Disposition")).toBe('attachment; filename="self_client.json"');
    expect(file.headers.get("Cache-Control")).toBe("no-store");
    expect(file.headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(JSON.parse(file.html)).toEqual({
      grant_type: "authorization_code",
      client_id: client.id,
      code,
    });
    const opened = await open(owner, `${path}/download?code=${code}`);
    expect([opened.status, opened.location]).toEqual([303, path]);
  });

  test("sends back as a file nothing but a code, to nobody else's form", async () => {
    const { owner, path } = await ready();
    for (const code of [HOSTILE, "", sealed("pat"), `${sealed("gc")}x`]) {
      const refused = await submit(owner, `${path}/download`, { code });
      expect([refused.status, refused.headers.get("Content-Disposition")]).toEqual([404, null]);
      expectHarmless(refused);
    }
    const foreign = await submit(owner, `${path}/download`, { code: sealed("gc") }, {});
    expect([foreign.status, foreign.headers.get("Content-Disposition")]).toEqual([403, null]);
  });

  test("that is refused keeps what was typed, by the names of its fields", async () => {
    const { owner, path, client } = await ready();
    const beyond = await submit(owner, path, { ...FORM, scope: "EMM.Devices.VIEW" });
    expect(beyond.status).toBe(400);
    expect(beyond.html).toContain("EMM.Devices.VIEW</textarea>");
    expect(beyond.html).toMatch(/<option value="5" selected/);
    expect(fieldOf(beyond, "description")).toBe("Nightly sync");
    const unknown = await submit(owner, path, { ...FORM, scope: HOSTILE, description: HOSTILE });
    expect(unknown.status).toBe(400);
    expect(unknown.html).toContain("Member Scope");
    expectHarmless(unknown);
    const undescribed = await submit(owner, path, { ...FORM, description: "" });
    expect([undescribed.status, undescribed.html.includes("Scope description")]).toEqual([400, true]);
    expect((await submit(owner, path, { ...FORM, minutes: "60" })).status).toBe(400);
    expect(await grantsOf(client.id)).toEqual([]);
  });

  test("is for self clients, for roles that may, and from this page alone", async () => {
    const { team, owner, path, base, client, with: somebody } = await ready();
    const server = await makeClient(team.id, "server", { permissions: PERMISSIONS });
    expect((await open(owner, `${base}/clients/${server.id}/code`)).status).toBe(404);
    expect((await submit(owner, `${base}/clients/${server.id}/code`, FORM)).status).toBe(404);
    const viewer = await somebody("EMM.AccessTokens.VIEW");
    expectNotForRole(await open(viewer, path), "EMM.AccessTokens.CREATE");
    expectNotForRole(await submit(viewer, path, FORM), "EMM.AccessTokens.CREATE");
    expectNotForRole(
      await submit(viewer, `${path}/download`, { code: sealed("gc") }),
      "EMM.AccessTokens.CREATE",
    );
    expect((await submit(owner, path, FORM, { "Sec-Fetch-Site": "cross-site" })).status).toBe(403);
    expect(await grantsOf(client.id)).toEqual([]);
  });

  test("gives nobody more than they hold themselves", async () => {
    const { path, client, with: somebody } = await ready();
    const lesser = await somebody("EMM.AccessTokens.CREATE");
    const refused = await submit(lesser, path, FORM);
    expect(refused.status).toBe(400);
    expect(refused.html).not.toContain("jtn_gc_");
    expect(await grantsOf(client.id)).toEqual([]);
  });
});
