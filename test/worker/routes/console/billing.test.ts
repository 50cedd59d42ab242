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
import { call, expectAnswer, issue } from "../../support.ts";

const billingOf = async (team: string) =>
  expectAnswer(await call("GET", `/v1/teams/${team}/billing`), 200, "Billing").billing;

const FORM = {
  plan: "free",
  contact_name: "Ada",
  contact_email: "ada@example.com",
  reference: "PO-1",
};

describe("the Billing page", () => {
  test("shows the plan, what is used of it, and what the others allow", async () => {
    const { team, owner, base } = await consoleTeam({ plan: "free" });
    await issue(team.id);
    const { status, html } = await open(owner, `${base}/billing`);
    expect(status).toBe(200);
    expect(html).toMatch(/<progress value="1" max="20"/);
    expect(html).toContain("Access tokens in force: 10,000");
    expect(html).toMatch(/value="free" checked/);
  });

  test("saves plan, contact and reference, and takes them away again", async () => {
    const { team, owner, base } = await consoleTeam();
    const etag = fieldOf(await open(owner, `${base}/billing`), "etag");
    expect((await submit(owner, `${base}/billing`, { ...FORM, etag })).status).toBe(303);
    expect(await billingOf(team.id)).toMatchObject({
      plan: "free",
      billing_contact: { name: "Ada", email: "ada@example.com" },
      payment_reference: "PO-1",
    });
    const stale = await submit(owner, `${base}/billing`, { ...FORM, contact_name: "Eve", etag });
    expect([stale.status, stale.html.includes("<dd>Ada</dd>")]).toEqual([412, true]);
    const empty = { plan: "free", etag: fieldOf(stale, "etag") };
    expect((await submit(owner, `${base}/billing`, empty)).status).toBe(303);
    expect(await billingOf(team.id)).toMatchObject({ billing_contact: null, payment_reference: null });
  });

  test("keeps what was typed when the contact is half, or the plan too small", async () => {
    const { team, owner, base } = await consoleTeam();
    const before = await billingOf(team.id);
    const shown = await open(owner, `${base}/billing`);
    const half = await submit(owner, `${base}/billing`, {
      ...FORM,
      contact_name: HOSTILE,
      contact_email: "",
    });
    expect([half.status, fieldOf(half, "reference")]).toEqual([400, "PO-1"]);
    expect(half.html).toContain("Member Email has a value");
    expectHarmless(half);
    for (let made = 0; made < 21; made += 1) await issue(team.id);
    const small = await submit(owner, `${base}/billing`, { ...FORM, etag: fieldOf(shown, "etag") });
    expect([small.status, small.html.includes("allows 20")]).toEqual([400, true]);
    const after = await billingOf(team.id);
    expect({ ...after, usage: before.usage }).toEqual(before);
  });

  test("is not for a role without it, and takes no form from elsewhere", async () => {
    const { team, owner, base, with: somebody } = await consoleTeam();
    const before = await billingOf(team.id);
    const other = await somebody("EMM.Team.SECURITY");
    expectNotForRole(await open(other, `${base}/billing`), "EMM.Billing.MANAGE");
    expectNotForRole(await submit(other, `${base}/billing`, FORM), "EMM.Billing.MANAGE");
    expect((await submit(owner, `${base}/billing`, FORM, {})).status).toBe(403);
    expect(await billingOf(team.id)).toEqual(before);
  });
});
