import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { join, signIn } from "../../people.ts";
import { check, makeService, makeTeam, rows, startWorker } from "../../support.ts";
import {
  expectError,
  expectTokens,
  ownerPerson,
  redeem,
  refresh,
  storeClient,
  storeCode,
} from "../../oauth/support.ts";
import { acceptedCode, expectConsent, expectSignIn, linkOf, visitor } from "../../oauth/visitor.ts";

const PAGE = "/console/me/connected-apps";

async function connected(more: Record<string, unknown> = {}) {
  const client = await storeClient("server", more);
  const person = await ownerPerson(client.team);
  const by = visitor(person);
  const code = await acceptedCode(by, linkOf(client, { access_type: "offline", prompt: "consent" }));
  const tokens = expectTokens(await redeem(client, code));
  return { client, person, by, tokens, form: { client: client.id, team: client.team } };
}

describe("the connected apps of a person", () => {
  test("are listed with their team and what they may do, and no one else's are", async () => {
    const { client, by } = await connected({ name: "<b>Hostile</b>", homepage_url: "javascript:x" });
    const text = await (await by.get(PAGE)).text();
    expect(text).toContain("&lt;b&gt;Hostile&lt;/b&gt;");
    expect(text).not.toContain("javascript:");
    expect(text).toContain("EMM.DeviceCommands.LOCK");
    const other = await (await visitor(await join(client.team, "owner")).get(PAGE)).text();
    expect(other).not.toContain("Hostile");
    expectSignIn(await visitor(null).get(PAGE));
    expect((await by.get(PAGE)).headers.get("Content-Security-Policy")).toContain("frame-ancestors 'none'");
  });

  test("that have a grant by another way than consent are among them", async () => {
    const client = await storeClient();
    const person = await ownerPerson(client.team);
    await storeCode(client);
    const text = await (await visitor(person).get(PAGE)).text();
    expect(text).toContain(client.id);
  });

  test("end within the bound when they are revoked, codes and remembered consent too", async () => {
    const { client, person, by, tokens, form } = await connected();
    const { key } = await makeService();
    const pending = await acceptedCode(by, linkOf(client, { prompt: "consent" }));
    const at = await startWorker({ FRESHNESS_MS: "0" });
    expect((await check(key, { token: tokens.access_token }, { at })).allowed).toBe(true);
    const response = await by.post(PAGE, form);
    expect([response.status, response.headers.get("Location")]).toEqual([303, `${PAGE}?revoked=1`]);
    expect((await check(key, { token: tokens.access_token }, { at })).reason).toBe("revoked_token");
    expectError(await refresh(client, tokens.refresh_token ?? ""), 400, "invalid_grant");
    expectError(await redeem(client, pending), 400, "invalid_grant");
    expect(await (await by.get(PAGE)).text()).not.toContain(client.id);
    await expectConsent(await by.get(linkOf(client)));
    expect(
      await rows(
        "SELECT team_id, actor_owner FROM audit_events WHERE type = 'consent.revoked' AND subject = ?",
        client.id,
      ),
    ).toEqual([{ team_id: client.team, actor_owner: person.user }]);
    // Each grant that it took with it is told of too.
    const ended = await rows<{ subject: string }>(
      "SELECT subject FROM audit_events WHERE type = 'grant.revoked' AND team_id = ?",
      client.team,
    );
    const grants = await rows<{ id: string }>("SELECT id FROM grants WHERE client_id = ?", client.id);
    expect(ended.map(({ subject }) => subject).sort()).toEqual(grants.map(({ id }) => id).sort());
  });

  test("are revoked on a page that asks first, and says what ends", async () => {
    const { client, by, form } = await connected({ name: "<b>Fleet</b>" });
    const path = `${PAGE}/revoke?${new URLSearchParams(form).toString()}`;
    expect(await (await by.get(PAGE)).text()).toContain(path.replaceAll("&", "&amp;"));
    const asked = await (await by.get(path)).text();
    expect(asked).toContain("Revoke what &lt;b&gt;Fleet&lt;/b&gt; may do?");
    expect(asked).toContain(`<form method="post" action="${PAGE}">`);
    expect(asked).toContain(`value="${client.id}"`);
    expect(await (await by.get(`${PAGE}?revoked=1`)).text()).toContain("Revoked.");
    // Somebody else's, or none: nothing to ask about.
    const colleague = visitor(await join(client.team, "owner"));
    for (const one of [await colleague.get(path), await by.get(`${PAGE}/revoke`)]) {
      expect([one.status, one.headers.get("Location")]).toEqual([303, PAGE]);
    }
    expectSignIn(await visitor(null).get(path));
  });

  test("say in words what they may do, and mark what is strict", async () => {
    const { by } = await connected();
    const text = await (await by.get(PAGE)).text();
    expect(text).toContain("Lock a device&#39;s screen at once.");
    expect(text).not.toContain("Strict");
    const nobody = visitor(await join((await makeTeam()).id, "owner"));
    expect(await (await nobody.get(PAGE)).text()).toContain("You have allowed no application anything");
  });

  test("are revoked by their own person alone, from the page alone", async () => {
    const { client, by, tokens, form } = await connected();
    const colleague = visitor(await join(client.team, "owner"));
    expect((await colleague.post(PAGE, form)).status).toBe(303);
    expect((await by.post(PAGE, form, { "Sec-Fetch-Site": "cross-site" })).status).toBe(403);
    expectSignIn(await visitor(null).get(PAGE));
    await visitor(null).post(PAGE, form);
    await by.post(PAGE, { ...form, team: (await makeTeam()).id });
    await by.post(PAGE, { ...form, client: "cli_us_other" });
    expectTokens(await refresh(client, tokens.refresh_token ?? ""));
    // What is not there leaves nothing in the trail.
    expect(
      await rows(
        "SELECT id FROM audit_events WHERE type IN ('consent.revoked', 'grant.revoked') AND team_id = ?",
        client.team,
      ),
    ).toEqual([]);
  });

  test("of another team than the one of single sign-on are out of reach", async () => {
    const { person, tokens, client, form } = await connected();
    const sso = visitor(await signIn(person.user, { method: "sso", sso_team_id: (await makeTeam()).id }));
    expect(await (await sso.get(PAGE)).text()).not.toContain(client.id);
    await sso.post(PAGE, form);
    expectTokens(await refresh(client, tokens.refresh_token ?? ""));
  });

  test("do not come back with a restored database", async () => {
    const { client, by, tokens, form } = await connected();
    const tables = ["access_tokens", "consents", "feed", "grants", "meta", "refresh_tokens"];
    const held = await Promise.all(tables.map((table) => rows(`SELECT * FROM ${table}`)));
    await by.post(PAGE, form);
    await env.DB.batch(
      tables.flatMap((table, index) => [
        env.DB.prepare(`DELETE FROM ${table}`),
        ...(held[index] ?? []).map((row) => {
          const columns = Object.keys(row);
          const places = columns.map(() => "?").join(", ");
          return env.DB.prepare(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${places})`).bind(
            ...Object.values(row),
          );
        }),
      ]),
    );
    expect(
      await rows("SELECT id FROM grants WHERE client_id = ? AND revoked_at IS NULL", client.id),
    ).toHaveLength(1);
    const at = await startWorker();
    const { key } = await makeService();
    expect((await check(key, { token: tokens.access_token }, { at })).reason).toBe("revoked_token");
    const again = visitor(await ownerPerson(client.team), at);
    await expectConsent(await again.get(linkOf(client)));
    expectError(await refresh(client, tokens.refresh_token ?? ""), 400, "invalid_grant");
  });
});
