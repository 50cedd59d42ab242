import { beforeAll, describe, expect, test } from "vitest";
import { clientsPath, makeClient, makeGrantToken, rotate } from "../../clients.ts";
import {
  expectError,
  expectTokens,
  redeem,
  refresh,
  store,
  storeClient,
  storeCode,
  type TestClient,
} from "../../oauth/support.ts";
import { join, type Person } from "../../people.ts";
import {
  call,
  check,
  driveClock,
  expectAnswer,
  expectRefusal,
  makeService,
  makeTeam,
  OPERATOR_KEY,
  rows,
  sealed,
  statusesOf,
  storeToken,
  unique,
} from "../../support.ts";

const clock = driveClock();

let key = "";
beforeAll(async () => {
  ({ key } = await makeService());
});

interface Holding {
  readonly client: TestClient;
  readonly grant: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** A code that nobody has redeemed yet. */
  readonly code: string;
}

/** Everything that a client can hold for a person. */
async function hold(client: TestClient, user: string): Promise<Holding> {
  const grant = { user_id: user, holder: user };
  const first = await storeCode(client, { grant });
  const tokens = expectTokens(await redeem(client, first.code));
  const second = await storeCode(client, { grant });
  const consent = { user_id: user, client_id: client.id, team_id: client.team, permissions: "[]" };
  await store("consents", { ...consent, created_at: Date.now(), updated_at: Date.now() });
  return {
    client,
    grant: first.grant,
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token ?? "",
    code: second.code,
  };
}

async function expectAlive({ client, accessToken, refreshToken, code }: Holding): Promise<void> {
  expect(await check(key, { token: accessToken })).toMatchObject({ allowed: true });
  expectTokens(await refresh(client, refreshToken));
  expectTokens(await redeem(client, code));
  expect(await consentsOf(client)).toBe(1);
}

async function expectEnded(
  { client, accessToken, refreshToken, code }: Holding,
  error: string,
): Promise<void> {
  clock.advance(1_001);
  expect(await check(key, { token: accessToken })).toMatchObject({ reason: "revoked_token" });
  const status = error === "invalid_client" ? 401 : 400;
  expectError(await refresh(client, refreshToken), status, error);
  expectError(await redeem(client, code), status, error);
  expect(await consentsOf(client)).toBe(0);
}

async function consentsOf({ id }: TestClient): Promise<number> {
  return (await rows("SELECT user_id FROM consents WHERE client_id = ?", id)).length;
}

/** Makes a person who has an account already an owner of a team more. */
async function admit(team: string, { user, email }: Person): Promise<void> {
  await store("members", {
    id: unique("mem_stored"),
    team_id: team,
    email,
    user_id: user,
    role: "owner",
    status: "active",
    invited_by: "operator",
    version: 1,
    changed_by: "",
    created_at: Date.now(),
  });
}

/** How many of a client's rows are still in force. */
async function liveRows({ id }: TestClient): Promise<Record<string, number>> {
  const [counts] = await rows<Record<string, number>>(
    `SELECT (SELECT count(*) FROM grants WHERE client_id = ?1 AND revoked_at IS NULL) AS grants,
      (SELECT count(*) FROM grant_tokens WHERE client_id = ?1 AND used_at IS NULL) AS codes,
      (SELECT count(*) FROM refresh_tokens WHERE client_id = ?1 AND revoked_at IS NULL) AS refresh_tokens,
      (SELECT count(*) FROM access_tokens WHERE client_id = ?1 AND revoked_at IS NULL) AS access_tokens`,
    id,
  );
  return counts ?? {};
}

const NOTHING = { grants: 0, codes: 0, refresh_tokens: 0, access_tokens: 0 };

describe("deleting a client", () => {
  test("ends everything that it was given, and nothing of another client's", async () => {
    const client = await storeClient();
    const other = await storeClient("server", { team_id: client.team });
    const person = await join(client.team, "owner");
    const holding = await hold(client, person.user);
    const others = await hold(other, person.user);
    // As the client credentials grant gives it: of no grant.
    const ownToken = await storeToken(client.team, { kind: "at", client_id: client.id }, sealed("at"));
    expect((await check(key, { token: ownToken })).allowed).toBe(true);

    const deleted = expectAnswer(
      await call("DELETE", clientsPath(client.team, client.id)),
      200,
      "DeletedClient",
    );
    expect(deleted.client.id).toBe(client.id);
    expect(Date.parse(deleted.effective_by)).toBe(Date.now() + 1_000);

    expect(await liveRows(client)).toEqual(NOTHING);
    await expectEnded(holding, "invalid_client");
    expect(await check(key, { token: ownToken })).toMatchObject({ reason: "revoked_token" });
    expect(await rows("SELECT hash FROM client_secrets WHERE client_id = ?", client.id)).toEqual([]);
    const feed = await rows<{ subject: string }>("SELECT subject FROM feed");
    expect(feed.map(({ subject }) => subject)).toEqual(
      expect.arrayContaining([`client:${client.id}`, `grant:${holding.grant}`]),
    );
    await expectAlive(others);
  });

  test("makes it unknown to every call, and is in the audit trail once", async () => {
    const { id: team } = await makeTeam();
    const { id } = await makeClient(team, "self");
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => call("DELETE", clientsPath(team, id))),
    );
    expect(statusesOf(answers)).toEqual({ 200: 1, 404: 9 });
    for (const method of ["GET", "PATCH", "DELETE"]) {
      const body = method === "PATCH" ? { body: { name: "x" } } : {};
      expectRefusal(await call(method, clientsPath(team, id), body), 404, "COM0008");
    }
    expectRefusal(await rotate(team, id), 404, "COM0008");
    expectRefusal(await makeGrantToken(team, id), 404, "COM0008");
    expect(expectAnswer(await call("GET", clientsPath(team)), 200, "Clients").clients).toEqual([]);
    const events = await rows(
      "SELECT type FROM audit_events WHERE subject = ? AND type = 'client.deleted'",
      id,
    );
    expect(events).toHaveLength(1);
  });

  test("under If-Match happens only to the client as it was read", async () => {
    const { id: team } = await makeTeam();
    const { id } = await makeClient(team, "self");
    const path = clientsPath(team, id);
    expectRefusal(await call("DELETE", path, { headers: { "If-Match": '"v2"' } }), 412, "COM0015");
    expectAnswer(await call("DELETE", path, { headers: { "If-Match": '"v1"' } }), 200, "DeletedClient");
  });

  test("at the same moment as grant tokens are made leaves none behind that lives", async () => {
    const { id: team } = await makeTeam();
    const made = await makeClient(team, "self");
    const client: TestClient = { id: made.id, secret: made.secret ?? "", team, type: "self" };
    const [deleted, ...tokens] = await Promise.all([
      call("DELETE", clientsPath(team, client.id)),
      ...Array.from({ length: 8 }, () => makeGrantToken(team, client.id)),
    ]);
    expect(deleted.status).toBe(200);
    for (const { status } of tokens) expect([201, 404]).toContain(status);
    expect(await liveRows(client)).toEqual(NOTHING);
  });
});

describe("a member who is removed", () => {
  async function remove(team: string, person: Person): Promise<void> {
    const path = `/v1/teams/${team}/members/${person.id}`;
    expectAnswer(await call("DELETE", path), 200, "RemovedMember");
  }

  test("takes their grants along in the same batch, and nobody else's", async () => {
    const client = await storeClient("server");
    const elsewhere = await storeClient("server");
    await join(client.team, "owner");
    const [person, other] = [await join(client.team, "owner"), await join(client.team, "owner")];
    const holding = await hold(client, person.user);
    const code = await storeCode(client, { grant: { user_id: other.user, holder: other.user } });
    const inOtherTeam = await storeCode(elsewhere, { grant: { user_id: person.user, holder: person.user } });

    await remove(client.team, person);

    const before = await rows("SELECT id FROM grants WHERE user_id = ? AND revoked_at IS NULL", person.user);
    expect(before.map(({ id }) => id)).toEqual([inOtherTeam.grant]);
    await expectEnded(holding, "invalid_grant");
    expectTokens(await redeem(client, code.code));
  });

  test("and comes back, finds none of them again", async () => {
    const client = await storeClient("server");
    await join(client.team, "owner");
    const person = await join(client.team, "owner");
    const holding = await hold(client, person.user);
    await remove(client.team, person);
    await admit(client.team, person);
    await expectEnded(holding, "invalid_grant");
  });

  test("leaves a self client's grant that they made for nobody else, and takes their own", async () => {
    const { id: team } = await makeTeam();
    const made = await makeClient(team, "self");
    const client: TestClient = { id: made.id, secret: made.secret ?? "", team, type: "self" };
    await join(team, "owner");
    const person = await join(team, "owner");
    const codes = [];
    for (const sending of [person.session, { as: OPERATOR_KEY }]) {
      codes.push(
        expectAnswer(await makeGrantToken(team, client.id, {}, sending), 201, "GrantToken").code ?? "",
      );
    }
    await remove(team, person);
    expectError(await redeem(client, codes[0] ?? ""), 400, "invalid_grant");
    expectTokens(await redeem(client, codes[1] ?? ""));
  });
});

describe("the operator's revoke-all", () => {
  test("of a team ends what its clients hold, and of no other team", async () => {
    const client = await storeClient();
    const spared = await storeClient();
    const holding = await hold(client, (await join(client.team, "owner")).user);
    const other = await hold(spared, (await join(spared.team, "owner")).user);
    expectAnswer(await call("POST", `/v1/teams/${client.team}/revoke-all`), 200, "RevokedAll");
    expect(await liveRows(client)).toEqual(NOTHING);
    // Their secrets are among it.
    await expectEnded(holding, "invalid_client");
    await expectAlive(other);
  });

  test("of a person ends what acts for them in every team, each of which is told", async () => {
    const [one, two] = [await storeClient(), await storeClient()];
    const person = await join(one.team, "owner");
    const spared = await hold(one, (await join(one.team, "owner")).user);
    await admit(two.team, person);
    const holding = await hold(two, person.user);
    expectAnswer(await call("POST", `/v1/users/${person.user}/revoke-all`), 200, "RevokedAll");
    expect(await liveRows(two)).toEqual(NOTHING);
    const told = await rows<{ team_id: string | null }>(
      "SELECT team_id FROM audit_events WHERE type = 'user.credentials_revoked' AND subject = ?",
      person.user,
    );
    expect(told.map(({ team_id }) => team_id)).toEqual(expect.arrayContaining([one.team, two.team]));
    expect((await check(key, { token: spared.accessToken })).allowed).toBe(true);
    expectTokens(await refresh(spared.client, spared.refreshToken));
    await expectEnded(holding, "invalid_grant");
  });
});
