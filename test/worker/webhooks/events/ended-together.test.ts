import { describe, expect, test } from "vitest";
import { store, storeClient, storeCode, redeem, expectTokens } from "../../oauth/support.ts";
import { join, makeRole } from "../../people.ts";
import { call, issue, makeTeam, rows, storeToken } from "../../support.ts";
import { outboxOf, storeWebhook } from "../outbox.ts";

const BOTH = ["access_token.revoked", "grant.revoked"];

/** What each event is about, without the order in which one statement wrote them. */
async function told(team: string) {
  const events = await outboxOf(team);
  return events.map(({ type, subject }) => `${type} ${subject}`).sort();
}

describe("revoking everything of a team", () => {
  test("tells of each token and each grant, and of nothing that had ended before", async () => {
    const client = await storeClient();
    const { team } = client;
    const { code, grant } = await storeCode(client);
    expectTokens(await redeem(client, code));
    const [one, two, gone] = [await issue(team), await issue(team), await issue(team)];
    await call("POST", `/v1/teams/${team}/access-tokens/${gone.id}/revoke`);
    await storeToken(team, { id: "tok_expired", expires_at: Date.now() - 1000 });
    const other = await issue((await makeTeam()).id);
    await storeWebhook(team, BOTH);

    await call("POST", `/v1/teams/${team}/revoke-all`);

    expect(await told(team)).toEqual(
      [`access_token.revoked ${one.id}`, `access_token.revoked ${two.id}`, `grant.revoked ${grant}`].sort(),
    );
    const [event] = (await outboxOf(team)).filter(({ subject }) => subject === one.id);
    expect(event).toMatchObject({
      actor: "operator",
      detail: {
        before: { name: one.access_token.name, permissions: one.access_token.permissions },
        cause: "team.credentials_revoked",
      },
      deliveries: 1,
    });
    expect(JSON.stringify(await outboxOf(team))).not.toContain(other.id);
  });

  test("again tells of nothing", async () => {
    const team = (await makeTeam()).id;
    await issue(team);
    await storeWebhook(team, BOTH);
    await call("POST", `/v1/teams/${team}/revoke-all`);
    await call("POST", `/v1/teams/${team}/revoke-all`);
    expect(await told(team)).toHaveLength(1);
  });

  test("writes each into the audit trail, which still verifies", async () => {
    const team = (await makeTeam()).id;
    const tokens = await Promise.all([issue(team), issue(team)]);
    await call("POST", `/v1/teams/${team}/revoke-all`);
    const { body } = await call("GET", `/v1/teams/${team}/audit-events?type=access_token.revoked`);
    const { audit_events: events } = body as { audit_events: { subject: string; id: string }[] };
    expect(events.map(({ subject }) => subject).sort()).toEqual(tokens.map(({ id }) => id).sort());
    for (const { id } of events) expect(id).toMatch(/^aud_[0-9a-hjkmnp-tv-z]{26}$/);
  });
});

test("deleting a client tells of each of its grants and of each token that it got for itself", async () => {
  const client = await storeClient();
  const { code, grant } = await storeCode(client);
  expectTokens(await redeem(client, code));
  await storeToken(client.team, { id: "tok_of_client", kind: "at", client_id: client.id });
  await storeWebhook(client.team, BOTH);

  await call("DELETE", `/v1/teams/${client.team}/clients/${client.id}`);

  expect(await told(client.team)).toEqual(["access_token.revoked tok_of_client", `grant.revoked ${grant}`]);
});

test("removing a member tells of each of their grants, and not of tokens that they made for the team", async () => {
  const client = await storeClient();
  const { team } = client;
  const role = await makeRole(team, ["EMM.Devices.VIEW"]);
  const person = await join(team, role.id);
  const { grant } = await storeCode(client, { grant: { user_id: person.user } });
  await storeToken(team, { id: "tok_theirs", created_by: person.user });
  await storeWebhook(team, [...BOTH, "member.removed"]);

  await call("DELETE", `/v1/teams/${team}/members/${person.id}`);

  expect(await told(team)).toEqual([`grant.revoked ${grant}`, `member.removed ${person.id}`]);
});

test("revoking everything of a person tells every team of what it loses", async () => {
  const [mine, theirs] = [(await makeTeam()).id, (await makeTeam()).id];
  const person = await join(mine, "owner");
  await store("access_tokens", {
    hash: "of-another-team",
    id: "tok_elsewhere",
    kind: "pat",
    team_id: theirs,
    name: "elsewhere",
    permissions: "[]",
    created_at: 0,
    created_by: person.user,
  });
  await storeWebhook(theirs, BOTH);
  await call("POST", `/v1/users/${person.user}/revoke-all`);
  expect(await told(theirs)).toEqual(["access_token.revoked tok_elsewhere"]);
  expect(await rows("SELECT * FROM events WHERE team_id = ?", mine)).toEqual([]);
});
