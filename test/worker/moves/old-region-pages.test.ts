import { beforeAll, describe, expect, test } from "vitest";
import { KEYS_URL, makeGitHubKey } from "../github.ts";
import { check, expectAnswer, issue, send } from "../support.ts";
import { atHost } from "../tenant.ts";
import { furnish, type Household } from "./household.ts";
import { moveTeam, outside, play, type Place } from "./support.ts";

/*
 * Where nobody shows a credential of the team, but the team itself is named: its slug, its domain, its clients.
 */
let us: Place;
let eu: Place;
let house: Household;
/** What the same paths said before the team moved. */
let before: readonly string[] = [];

const METADATA = "/.well-known/oauth-authorization-server";

async function page(path: string, at = us.at): Promise<string> {
  const answer = await send("GET", path, { as: null, at });
  return `${answer.status} ${await answer.text()}`;
}

const offers = () => page(`/signin?team=${house.team.slug}`);
const ownDomain = () => page(METADATA, atHost(house.domain.name, us.at));
const home = () => us.call("GET", `/v1/regions/clients/${house.client.id}`, { as: null });

beforeAll(async () => {
  us = await play("us");
  eu = await play("eu");
  house = await furnish(us);
  before = [await offers(), await ownDomain(), (await home()).text];
  await moveTeam(house.team.id, { from: us, to: eu });
});

describe("the region that a team has left", () => {
  test("offers no single sign-on of the team's any more", async () => {
    expect(before[0]).toContain("Provider");
    expect(await offers()).not.toContain("Provider");
  });

  test("is not met on the team's own domain", async () => {
    expect(before[1]).toContain(`200 `);
    expect(before[1]).toContain(house.domain.name);
    expect(await ownDomain()).not.toMatch(/^200/);
  });

  test("says of the team's clients where they live", async () => {
    expect(JSON.parse(before[2] ?? "")).toEqual({ client: house.client.id, home: "us" });
    expect(expectAnswer(await home(), 200, "ClientHome")).toEqual({ client: house.client.id, home: "eu" });
  });

  test("counts it among its teams no more", async () => {
    const [there] = await us.rows<{ n: number }>("SELECT count(*) AS n FROM teams WHERE lives_in IS NULL");
    const { totals } = expectAnswer(await us.call("GET", "/v1/totals"), 200, "Totals");
    expect(totals.teams.active + totals.teams.suspended).toBe(there?.n);
  });
});

test("what GitHub reports in the old region of a token that moved is passed on, and ended in the new one", async () => {
  const github = await makeGitHubKey("a".repeat(64));
  outside.set(KEYS_URL, () => Response.json({ public_keys: [github.listed] }));
  const mine = await issue((await furnish(us)).team.id);
  const found = [house.token.token, mine.token].map((token) => ({
    token,
    type: "jeton_token",
    url: "https://github.com/octocat/Hello-World/blob/1234/foo/bar.txt",
    source: "content",
  }));
  const body = JSON.stringify(found);
  const answer = await us.call("POST", "/v1/leaks/github", {
    as: null,
    body,
    headers: {
      "GITHUB-PUBLIC-KEY-IDENTIFIER": github.id,
      "GITHUB-PUBLIC-KEY-SIGNATURE": await github.sign(body),
    },
  });
  const labels = expectAnswer(answer, 200, "LeakLabels");
  expect(labels.map(({ label }) => label)).toEqual(["true_positive", "true_positive"]);
  const verdict = await check(eu.key, { token: house.token.token }, { at: eu.at });
  expect(verdict.reason).toBe("revoked_token");
  expect((await check(us.key, { token: mine.token }, { at: us.at })).reason).toBe("revoked_token");
  const told = await eu.rows("SELECT subject FROM audit_events WHERE type = 'token.leaked'");
  expect(told).toEqual([{ subject: house.token.id }]);
});
