import { describe, expect, test } from "vitest";
import { consoleTeam, expectNotForRole, open, submit } from "../../console-pages.ts";
import { join, makeRole } from "../../people.ts";
import { call, expectAnswer, issue } from "../../support.ts";

/** What stands in the row of a token. */
const rowOf = (html: string, id: string): string =>
  html.split("<tr>").find((row) => row.includes(`/access-tokens/${id}"`)) ?? "";

describe("the list of access tokens", () => {
  test("marks those that have outlived what their maker holds, while they work", async () => {
    const { team, owner, base } = await consoleTeam();
    const permissions = ["EMM.AccessTokens.CREATE", "EMM.Devices.VIEW"];
    const role = await makeRole(team.id, permissions);
    const [demoted, gone] = [await join(team.id, role.id), await join(team.id, "owner")];
    const body = { name: "Theirs", permissions: ["EMM.Devices.VIEW"] };
    const ofDemoted = await issue(team.id, body, demoted.session);
    const ofGone = await issue(team.id, body, gone.session);
    const revoked = await issue(team.id, body, gone.session);
    const ofOwner = await issue(team.id, body, owner.session);
    const before = (await open(owner, `${base}/access-tokens`)).html;
    for (const { id } of [ofDemoted, ofGone, ofOwner])
      expect(rowOf(before, id)).not.toContain('class="flag"');

    const path = `/v1/teams/${team.id}`;
    const less = { permissions: ["EMM.AccessTokens.CREATE"] };
    expectAnswer(await call("PATCH", `${path}/roles/${role.id}`, { body: less }), 200, "Role");
    expectAnswer(await call("DELETE", `${path}/members/${gone.id}`), 200, "RemovedMember");
    await call("POST", `${path}/access-tokens/${revoked.id}/revoke`);

    const { html } = await open(owner, `${base}/access-tokens`);
    expect(rowOf(html, ofDemoted.id)).toContain("its maker holds less now");
    expect(rowOf(html, ofGone.id)).toContain("its maker has left");
    for (const { id } of [ofOwner, revoked]) expect(rowOf(html, id)).not.toContain('class="flag"');
  });

  test("offers those who may only view nothing to add or revoke", async () => {
    const { team, base, with: somebody } = await consoleTeam();
    const { id } = await issue(team.id);
    const viewer = await somebody("EMM.AccessTokens.VIEW");
    const { html } = await open(viewer, `${base}/access-tokens`);
    expect(rowOf(html, id)).not.toContain("/revoke");
    expect(html).not.toContain(`${base}/access-tokens/new`);
    expectNotForRole(await open(viewer, `${base}/access-tokens/new`), "EMM.AccessTokens.CREATE");
    expectNotForRole(await submit(viewer, `${base}/access-tokens/${id}/revoke`), "EMM.AccessTokens.DELETE");
  });
});

describe("the form of an access token", () => {
  test.each([
    ["nowhere", "Member Allowed addresses (1) has a value"],
    ["127.0.0.1\nnowhere", "Member Allowed addresses (2) has a value"],
  ])("names the field of which the API says something by its own label: %j", async (addresses, said) => {
    const { owner, base } = await consoleTeam();
    const form = { name: "Fine", permission: "EMM.Devices.VIEW", addresses, do: "create" };
    const { html } = await submit(owner, `${base}/access-tokens/new`, form);
    expect(html).toContain(said);
  });
});
