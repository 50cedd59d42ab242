import { describe, expect, test } from "vitest";
import { consoleTeam, open, type Shown } from "../../console-pages.ts";
import { call } from "../../support.ts";

/** The menu beside the page; the one for phones is the same. */
const menuOf = ({ html }: Shown): string => /<nav class="side".*?<\/nav>/s.exec(html)?.[0] ?? "";

const pathsIn = (shown: Shown, base: string): string[] =>
  [...menuOf(shown).matchAll(/href="([^"]*)"/g)].flatMap(([, href = ""]) =>
    href.startsWith(`${base}/`) ? [href.slice(base.length)] : [],
  );

describe("the menu of a team", () => {
  test("has for each role the pages that it opens, and each of them opens", async () => {
    const { base, owner, with: somebody } = await consoleTeam();
    const auditor = await somebody("EMM.Reports.VIEW");
    const shown = await open(auditor, `${base}/reports`);
    expect(pathsIn(shown, base)).toEqual(["/team", "/security", "/domains", "/reports", "/audit"]);
    expect(menuOf(shown)).not.toContain("Developers");
    for (const person of [auditor, owner]) {
      const paths = pathsIn(await open(person, `${base}/reports`), base);
      const statuses = await Promise.all(paths.map(async (path) => (await open(person, base + path)).status));
      expect(statuses).toEqual(paths.map(() => 200));
    }
    expect(pathsIn(await open(owner, `${base}/reports`), base)).toEqual(
      expect.arrayContaining(["/access-tokens", "/clients", "/billing", "/members"]),
    );
  });

  test("stays on a page that is refused, and is gone where one may do nothing", async () => {
    const { team, base, owner, with: somebody } = await consoleTeam();
    const billing = await somebody("EMM.Billing.MANAGE");
    const refused = await open(billing, `${base}/roles`);
    expect(refused.status).toBe(403);
    expect(pathsIn(refused, base)).toContain("/billing");
    expect(pathsIn(refused, base)).not.toContain("/roles");
    await call("PATCH", `/v1/teams/${team.id}`, { body: { status: "suspended" } });
    expect(pathsIn(await open(owner, `${base}/roles`), base)).toEqual([]);
  });
});
