import { afterEach, describe, expect, test, vi } from "vitest";
import { consoleTeam, expectNotForRole, fieldOf, open, submit } from "../../console-pages.ts";
import { call, expectAnswer, unique } from "../../support.ts";

afterEach(() => vi.unstubAllGlobals());

const domainsOf = async (team: string) =>
  expectAnswer(await call("GET", `/v1/teams/${team}/domains`), 200, "Domains").domains;

/** What the world's DNS says; null: it does not answer. */
function dnsSays(records: readonly string[] | null): void {
  vi.stubGlobal("fetch", async () => {
    if (records === null) throw new Error("unreachable");
    return Response.json({ Status: 0, Answer: records.map((data) => ({ type: 16, data: `"${data}"` })) });
  });
}

async function withDomain() {
  const made = await consoleTeam();
  const name = `${unique("kayak")}.example.org`;
  const added = await submit(made.owner, `${made.base}/domains`, { name });
  expect(added.status).toBe(303);
  return { ...made, name, page: added.location ?? "" };
}

describe("the Domains page", () => {
  test("teaches what belongs there, adds a domain, and shows the record to set", async () => {
    const { owner, base } = await consoleTeam();
    expect((await open(owner, `${base}/domains`)).html).toContain("No domain yet.");
    const { owner: other, page, name, team } = await withDomain();
    const shown = await open(other, page);
    const [domain] = await domainsOf(team.id);
    expect(shown.html).toContain(`value="${domain?.dns_record.name}"`);
    expect(shown.html).toContain(`value="${domain?.dns_record.value}"`);
    expect(shown.html).toContain("waiting for proof");
    expect(shown.html).toContain(name);
  });

  test("keeps what was typed when it is no domain", async () => {
    const { team, owner, base } = await consoleTeam();
    const shown = await submit(owner, `${base}/domains`, { name: `https://"><b>` });
    expect([shown.status, fieldOf(shown, "name")]).toEqual([400, 'https://"&gt;&lt;b&gt;']);
    expect(shown.html).not.toContain('"><b>');
    expect(await domainsOf(team.id)).toEqual([]);
  });

  test("finds the record, or says that it is not there yet, or that nobody could be asked", async () => {
    const { team, owner, page } = await withDomain();
    const [domain] = await domainsOf(team.id);
    dnsSays([]);
    const absent = await submit(owner, page);
    expect([absent.status, absent.html.includes("The record was not found.")]).toEqual([409, true]);
    dnsSays(null);
    const silent = await submit(owner, page);
    expect([silent.status, silent.html.includes("at the moment")]).toEqual([409, true]);
    dnsSays([domain?.dns_record.value ?? ""]);
    const found = await submit(owner, page);
    expect(found.location).toBe(`${page}?verified=1`);
    expect((await open(owner, found.location ?? "")).html).toContain("Found: the domain is proven.");
  });

  test("removes a domain after asking", async () => {
    const { team, owner, base, page } = await withDomain();
    expect((await open(owner, `${page}/remove`)).html).toContain("Yes, remove it");
    expect((await submit(owner, `${page}/remove`, {}, {})).status).toBe(403);
    expect(await domainsOf(team.id)).toHaveLength(1);
    expect((await submit(owner, `${page}/remove`)).location).toBe(`${base}/domains?removed=1`);
    expect(await domainsOf(team.id)).toEqual([]);
  });

  test("has no forms for those who may only view, and is not for a role without it", async () => {
    const { team, base, page, with: somebody } = await withDomain();
    const viewer = await somebody("EMM.Team.VIEW");
    const forms = /<form method="post">/g;
    expect((await open(viewer, `${base}/domains`)).html).not.toMatch(forms);
    expect((await open(viewer, page)).html).not.toMatch(forms);
    expect((await submit(viewer, `${base}/domains`, { name: "mine.example.org" })).status).toBe(400);
    expectNotForRole(await open(viewer, `${page}/remove`), "EMM.Team.MANAGE");
    expect(await domainsOf(team.id)).toHaveLength(1);
    const other = await somebody("MDMOnDemand.MDMUser.READ");
    expectNotForRole(await open(other, `${base}/domains`), "EMM.Team.VIEW");
  });

  test("takes no form from elsewhere", async () => {
    const { team, owner, base } = await consoleTeam();
    const foreign = { Origin: "https://evil.example" };
    expect((await submit(owner, `${base}/domains`, { name: "a.example.org" }, foreign)).status).toBe(403);
    expect(await domainsOf(team.id)).toEqual([]);
  });
});
