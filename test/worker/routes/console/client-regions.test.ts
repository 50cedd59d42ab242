import { describe, expect, test } from "vitest";
import { clientsPath, makeClient } from "../../clients.ts";
import { consoleTeam, expectHarmless, open, submit } from "../../console-pages.ts";
import { noOtherRegions } from "../../regions/support.ts";
import { call, expectAnswer } from "../../support.ts";

noOtherRegions();

const FIELDS = [
  ["name", "App"],
  ["homepage", "https://app.example"],
  ["redirects", "https://server.example/cb"],
  ["permission", "EMM.DeviceCommands.LOCK"],
  ["grade:EMM.Devices", "EMM.Devices.VIEW"],
] as const;

const readClient = async (team: string, id: string) =>
  expectAnswer(await call("GET", clientsPath(team, id)), 200, "Client").client;

describe("on the form of a client", () => {
  test("other regions can be ticked, and each one's secret is shown once", async () => {
    const { team, owner, base } = await consoleTeam();
    const shown = await submit(owner, `${base}/clients/new/server`, [
      ...FIELDS,
      ["region", "eu"],
      ["region", "in"],
    ]);
    expect(shown.status, shown.html).toBe(200);
    for (const [code, name] of [
      ["us", "Client secret"],
      ["eu", "Client secret in European Union"],
      ["in", "Client secret in India"],
    ]) {
      expect(shown.html).toContain(name);
      expect(shown.html).toMatch(new RegExp(`jtn_cs_${code}_\\w{36}`));
    }
    expectHarmless(shown);
    const { clients } = expectAnswer(await call("GET", clientsPath(team.id)), 200, "Clients");
    expect(clients).toMatchObject([{ regions: ["eu", "in"], same_secret_everywhere: false }]);
    const { html } = await open(owner, `${base}/clients/${clients[0]?.id}`);
    expect(html).toContain("European Union, India");
    expect(html).not.toContain("jtn_cs_");
  });

  test("the same secret can be had everywhere, and then there is one", async () => {
    const { owner, base } = await consoleTeam();
    const form = [...FIELDS, ["region", "eu"], ["same_secret", "on"]] as const;
    const shown = await submit(owner, `${base}/clients/new/server`, form);
    expect(shown.html.match(/jtn_cs_\w+/g)?.every((secret) => secret.startsWith("jtn_cs_us_"))).toBe(true);
  });

  test("this very region is not offered, and a self client has no choice", async () => {
    const { owner, base } = await consoleTeam();
    const { html } = await open(owner, `${base}/clients/new/browser`);
    expect(html).toContain('name="region" value="eu"');
    expect(html).not.toContain('name="region" value="us"');
    expect(html).not.toContain('name="same_secret"');
    expect((await open(owner, `${base}/clients/new/self`)).html).not.toContain('name="region"');
  });

  test("a region that is ticked later gets its secret then, and one that is not any more is disabled", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id } = await makeClient(team.id, "server", { regions: ["in"] });
    const saved = await submit(owner, `${base}/clients/${id}/edit`, [
      ...FIELDS,
      ["etag", '"v1"'],
      ["region", "eu"],
    ]);
    expect(saved.status, saved.html).toBe(200);
    expect(saved.html).toMatch(/jtn_cs_eu_\w{36}/);
    expect(saved.html).not.toMatch(/jtn_cs_(?:us|in)_/);
    expect((await readClient(team.id, id)).regions).toEqual(["eu"]);
  });

  test("a new secret can be made for one region, and the others keep theirs", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id } = await makeClient(team.id, "server", { regions: ["eu"] });
    const { html } = await open(owner, `${base}/clients/${id}/secret`);
    expect(html).toContain("Where it holds");
    const made = await submit(owner, `${base}/clients/${id}/secret`, [
      ["overlap", "0"],
      ["region", "eu"],
    ]);
    expect(made.html).toMatch(/jtn_cs_eu_\w{36}/);
    expect(made.html).not.toContain("jtn_cs_us_");
  });
});
