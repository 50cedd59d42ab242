import { describe, expect, test } from "vitest";
import {
  consoleTeam,
  expectHarmless,
  expectNotForRole,
  fieldOf,
  HOSTILE,
  open,
  submit,
} from "../../console-pages.ts";
import { call, expectAnswer, unique } from "../../support.ts";

const read = async (team: string) => expectAnswer(await call("GET", `/v1/teams/${team}`), 200, "Team").team;

describe("the Team page", () => {
  test("shows what the team is called, and saves what is changed", async () => {
    const { team, owner, base } = await consoleTeam();
    const shown = await open(owner, `${base}/team`);
    expect(shown.status).toBe(200);
    expect(shown.html).toContain(team.id);
    const slug = unique("renamed");
    const form = { name: "Renamed", slug, preferences: '{"language":"de"}', etag: fieldOf(shown, "etag") };
    const saved = await submit(owner, `${base}/team`, form);
    expect([saved.status, saved.location]).toEqual([303, `/console/${slug}/team?saved=1`]);
    expect(await read(team.id)).toMatchObject({ name: "Renamed", slug, preferences: { language: "de" } });
    expect((await open(owner, saved.location ?? "")).html).toContain("Saved.");
  });

  test("keeps what was typed when preferences are no object, and changes nothing", async () => {
    const { team, owner, base } = await consoleTeam();
    for (const preferences of ["{oops", "[1]", "null", '"text"']) {
      const form = { name: `<b>${preferences}`, slug: team.slug, preferences, etag: "" };
      const shown = await submit(owner, `${base}/team`, form);
      expect(shown.status).toBe(400);
      expect(fieldOf(shown, "name")).toContain("&lt;b&gt;");
      expect(shown.html).toContain("not a JSON object");
    }
    expect(await read(team.id)).toEqual(team);
  });

  test("names the field of which the API says something by its own label", async () => {
    const { team, owner, base } = await consoleTeam();
    const form = { name: "Fine", slug: "Not A Slug", preferences: "{}" };
    const shown = await submit(owner, `${base}/team`, form);
    expect(shown.status).toBe(400);
    expect(shown.html).toContain("Member Slug has a value");
    expect(fieldOf(shown, "slug")).toBe("Not A Slug");
    expect(await read(team.id)).toEqual(team);
  });

  test("tells what somebody else changed meanwhile, keeps what was typed, and lets one save again", async () => {
    const { team, owner, base } = await consoleTeam();
    const etag = fieldOf(await open(owner, `${base}/team`), "etag");
    await call("PATCH", `/v1/teams/${team.id}`, { body: { name: "Theirs" } });
    const form = { name: "Mine", slug: team.slug, preferences: "{}" };
    const shown = await submit(owner, `${base}/team`, { ...form, etag });
    expect(shown.status).toBe(412);
    expect(shown.html).toContain("<dd>Theirs</dd>");
    expect(fieldOf(shown, "name")).toBe("Mine");
    expect((await read(team.id)).name).toBe("Theirs");
    const again = await submit(owner, `${base}/team`, { ...form, etag: fieldOf(shown, "etag") });
    expect(again.status).toBe(303);
    expect((await read(team.id)).name).toBe("Mine");
  });

  test("leaves the form out for those who may only view", async () => {
    const { team, base, with: somebody } = await consoleTeam();
    const viewer = await somebody("EMM.Team.VIEW");
    const shown = await open(viewer, `${base}/team`);
    expect(shown.status).toBe(200);
    expect(shown.html).toContain(team.id);
    expect(shown.html).not.toContain('name="slug"');
    const refused = await submit(viewer, `${base}/team`, { name: "Mine", slug: "mine", preferences: "{}" });
    expect(refused.status).toBe(400);
    expect(await read(team.id)).toEqual(team);
  });

  test("is not for a role without it, nor for a stranger", async () => {
    const { base, with: somebody } = await consoleTeam();
    const other = await consoleTeam();
    expectNotForRole(await open(await somebody("MDMOnDemand.MDMUser.READ"), `${base}/team`), "EMM.Team.VIEW");
    expect((await open(other.owner, `${base}/team`)).status).toBe(404);
    expect((await open(null, `${base}/team`)).location).toContain("/signin?next=");
  });

  test.each([{}, { "Sec-Fetch-Site": "cross-site" }, { Origin: "https://evil.example" }])(
    "takes no form from elsewhere: %o",
    async (headers) => {
      const { team, owner, base } = await consoleTeam();
      const form = { name: "Mine", slug: team.slug, preferences: "{}" };
      expect((await submit(owner, `${base}/team`, form, headers)).status).toBe(403);
      expect(await read(team.id)).toEqual(team);
    },
  );

  test("escapes a hostile name", async () => {
    const { owner, base } = await consoleTeam({ name: HOSTILE });
    expectHarmless(await open(owner, `${base}/team`));
  });
});
