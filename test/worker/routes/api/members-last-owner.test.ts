import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { accept, invite, join, makeRole, slowWriter, type Person } from "../../people.ts";
import {
  call,
  check,
  expectAnswer,
  expectRefusal,
  issue,
  makeService,
  makeTeam,
  rows,
  startWorker,
  type Sending,
  type Worker,
} from "../../support.ts";

interface Owned {
  readonly team: string;
  /** A role for those who are demoted. */
  readonly less: string;
  readonly owners: readonly Person[];
}

async function teamOf(count: number): Promise<Owned> {
  const team = (await makeTeam()).id;
  const less = (await makeRole(team, ["EMM.Members.ALL"])).id;
  const owners: Person[] = [];
  while (owners.length < count) owners.push(await join(team, "owner"));
  return { team, less, owners };
}

const demote = ({ team, less }: Owned, { id }: Person, by: Person | null = null, at?: Worker) => {
  return call("PATCH", `/v1/teams/${team}/members/${id}`, {
    ...by?.session,
    ...via(at),
    body: { role: less },
  });
};

const remove = ({ team }: Owned, { id }: Person, by: Person | null = null, at?: Worker) => {
  return call("DELETE", `/v1/teams/${team}/members/${id}`, { ...by?.session, ...via(at) });
};

function via(at: Worker | undefined): Sending {
  return at === undefined ? {} : { at };
}

function ownersLeft({ team }: Owned): Promise<{ id: string }[]> {
  return rows("SELECT id FROM members WHERE team_id = ? AND role = 'owner' AND status = 'active'", team);
}

describe("the last owner", () => {
  test("can be neither demoted nor removed, by themself or by the operator: 409, and nothing changes", async () => {
    const owned = await teamOf(1);
    const [last] = owned.owners as [Person];
    for (const by of [last, null]) {
      expectRefusal(await demote(owned, last, by), 409, "COM0010");
      expectRefusal(await remove(owned, last, by), 409, "COM0010");
    }
    expect(await ownersLeft(owned)).toEqual([{ id: last.id }]);
    expect(
      await rows(
        "SELECT id FROM audit_events WHERE subject = ? AND type <> 'member.joined' AND type <> 'member.invited'",
        last.id,
      ),
    ).toEqual([]);
    expectAnswer(await call("GET", `/v1/teams/${owned.team}`, last.session), 200, "Team");
  });

  test("may be made an owner again, which changes nothing", async () => {
    const owned = await teamOf(1);
    const [last] = owned.owners as [Person];
    const path = `/v1/teams/${owned.team}/members/${last.id}`;
    const answer = await call("PATCH", path, { ...last.session, body: { role: "owner" } });
    expect(expectAnswer(answer, 200, "Member").member.role).toBe("owner");
  });

  test("is still the last one while other owners are only invited, or are of another team", async () => {
    const owned = await teamOf(1);
    await teamOf(1);
    const [last] = owned.owners as [Person];
    const { secret } = await invite(owned.team, "owner");
    expectRefusal(await remove(owned, last), 409, "COM0010");
    expectRefusal(await demote(owned, last), 409, "COM0010");
    expectAnswer(await accept(secret), 200, "JoinedMember");
    expectAnswer(await remove(owned, last, last), 200, "RemovedMember");
    expect(await ownersLeft(owned)).toHaveLength(1);
  });

  test("is not an invitation: that can be withdrawn and changed even where there is no owner", async () => {
    const { id } = await makeTeam();
    const { member } = await invite(id, "owner");
    const less = (await makeRole(id, ["EMM.Team.VIEW"])).id;
    const path = `/v1/teams/${id}/members/${member.id}`;
    expectAnswer(await call("PATCH", path, { body: { role: less } }), 200, "Member");
    expectAnswer(await call("DELETE", path), 200, "RemovedMember");
  });
});

describe("two owners who are taken away at the same moment leave one", () => {
  type Take = (owned: Owned, target: Person, by: Person | null) => ReturnType<typeof call>;

  test.each<[string, Take, Take]>([
    ["two demotions", demote, demote],
    ["two removals", remove, remove],
    ["a demotion and a removal", demote, remove],
  ])("by %s, of one another, of themselves and by the operator", async (_what, first, second) => {
    for (const who of ["one another", "themselves", "the operator"]) {
      const owned = await teamOf(2);
      const [a, b] = owned.owners as [Person, Person];
      const [byA, byB] = who === "one another" ? [a, b] : who === "themselves" ? [b, a] : [null, null];
      const answers = await Promise.all([first(owned, b, byA), second(owned, a, byB)]);
      const left = await ownersLeft(owned);
      expect(left, `${who}: ${answers.map(({ text }) => text).join(" ")}`).toHaveLength(1);
      const [lost] = answers.filter(({ status }) => status !== 200);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      // Whoever came second was no owner any more, was refused as the last one, or was signed out.
      expect([401, 403, 409]).toContain(lost?.status);
    }
  });

  test("however many there are, and however often it is tried", async () => {
    const owned = await teamOf(5);
    const takes = owned.owners.flatMap((owner) => [
      demote(owned, owner),
      remove(owned, owner),
      demote(owned, owner),
    ]);
    await Promise.all(takes);
    const [last, ...more] = await ownersLeft(owned);
    expect(more).toEqual([]);
    expectAnswer(await call("GET", `/v1/teams/${owned.team}/members/${last?.id}`), 200, "Member");
    const left = owned.owners.find(({ id }) => id === last?.id);
    expectAnswer(await call("GET", `/v1/teams/${owned.team}`, left?.session), 200, "Team");
  });

  test("and each change that took place has one audit event, each that did not has none", async () => {
    const owned = await teamOf(3);
    const answers = await Promise.all(
      owned.owners.flatMap((owner) => [demote(owned, owner), demote(owned, owner)]),
    );
    const changed = answers.filter(({ status }) => status === 200).length;
    const events = await rows(
      "SELECT id FROM audit_events WHERE team_id = ? AND type = 'member.updated'",
      owned.team,
    );
    expect(events).toHaveLength(changed);
  });

  test("even when one has been found lawful before the other takes place", async () => {
    const { key } = await makeService();
    const { token } = await issue((await makeTeam()).id);
    for (const [first, second] of [
      [demote, remove],
      [remove, demote],
    ] as const) {
      const owned = await teamOf(2);
      const [a, b] = owned.owners as [Person, Person];
      const { at, reached, release } = await slowWriter();
      const late = first(owned, a, null, at);
      await reached;
      expect((await second(owned, b, null)).status).toBe(200);
      release();
      expectRefusal(await late, 409, "COM0010");
      // An isolate that looks at the whole journal anew finds no word of what did not take place.
      await env.DB.prepare("UPDATE meta SET value = '0' WHERE key = 'journal_mark'").run();
      await check(key, { token }, { at: await startWorker() });
      expect(await ownersLeft(owned)).toEqual([{ id: a.id }]);
    }
  });
});
