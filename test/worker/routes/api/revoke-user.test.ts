import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { actingFor, join, makeRole, signIn } from "../../people.ts";
import {
  call,
  expectAnswer,
  issue,
  makeTeam,
  rows,
  startWorker,
  statusesOf,
  storeWith,
} from "../../support.ts";

/** The teams whose trails tell it, sorted; `none` is the trail of what belongs to no team. */
async function chainsTold(user: string): Promise<string[]> {
  const found = await rows<{ team_id: string | null }>(
    "SELECT team_id FROM audit_events WHERE type = 'user.credentials_revoked' AND subject = ?",
    user,
  );
  return sorted(found.map(({ team_id }) => team_id ?? "none"));
}

function sorted(ids: readonly string[]): string[] {
  return ids.toSorted((a, b) => a.localeCompare(b));
}

/** Makes somebody who is in one team, made a token in another one that they have left, and acts in a third. */
async function makePerson() {
  const [first, left, acting] = [(await makeTeam()).id, (await makeTeam()).id, (await makeTeam()).id];
  const person = await join(first, "owner");
  await actingFor(acting, person.user, ["EMM.Team.VIEW"]);
  const { id } = await issue(left);
  await env.DB.prepare("UPDATE access_tokens SET created_by = ? WHERE id = ?").bind(person.user, id).run();
  return { person, first, left, acting };
}

describe("revoking everything of a person", () => {
  test("is told to each team that it concerns, and to no other", async () => {
    const { person, first, left, acting } = await makePerson();
    const stranger = (await makeTeam()).id;
    expectAnswer(await call("POST", `/v1/users/${person.user}/revoke-all`), 200, "RevokedAll");
    expect(await chainsTold(person.user)).toEqual(sorted(["none", first, left, acting]));
    const listed = await call("GET", `/v1/teams/${left}/audit-events?type=user.credentials_revoked`);
    const { audit_events } = expectAnswer(listed, 200, "AuditEvents");
    expect(audit_events).toMatchObject([
      {
        team: left,
        actor: { id: "operator" },
        subject: person.user,
        chain: { hash: expect.any(String) as string },
      },
    ]);
    expect(
      await rows("SELECT id FROM audit_events WHERE team_id = ? AND subject = ?", stranger, person.user),
    ).toEqual([]);
  });

  test("is told to a team where all that was theirs has ended before only while they are in it", async () => {
    const { person, first, left, acting } = await makePerson();
    await call("POST", `/v1/teams/${acting}/revoke-all`);
    await call("POST", `/v1/users/${person.user}/revoke-all`);
    expect(await chainsTold(person.user)).toEqual(sorted(["none", first, left]));
  });

  test("is told to a team that they join between what it reads and what it writes", async () => {
    const { id: team } = await makeTeam();
    const late = (await makeTeam()).id;
    const person = await join(team, "owner");
    let happened = false;
    const DB = storeWith(async (run) => {
      if (!happened) {
        happened = true;
        await actingFor(late, person.user, ["EMM.Team.VIEW"]);
      }
      return run();
    });
    const answer = await call("POST", `/v1/users/${person.user}/revoke-all`, {
      at: await startWorker({ DB }),
    });
    const { revoked } = expectAnswer(answer, 200, "RevokedAll");
    expect(revoked.access_tokens).toBe(1);
    expect(happened).toBe(true);
    expect(await chainsTold(person.user)).toEqual(sorted(["none", team, late]));
    expect(await rows("SELECT id FROM access_tokens WHERE team_id = ? AND revoked_at IS NULL", late)).toEqual(
      [],
    );
  });

  test("ends the sessions, and counts them, however many do it at once", async () => {
    const { id: team } = await makeTeam();
    const person = await join(team, (await makeRole(team, ["EMM.Team.VIEW"])).id);
    await signIn(person.user);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => call("POST", `/v1/users/${person.user}/revoke-all`)),
    );
    expect(statusesOf(answers)).toEqual({ 200: 5 });
    const counts = answers.map((answer) => expectAnswer(answer, 200, "RevokedAll").revoked.sessions);
    expect(counts.toSorted((a, b) => a - b)).toEqual([0, 0, 0, 0, 2]);
  });
});
