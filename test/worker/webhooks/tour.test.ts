import * as v from "valibot";
import { expect, test } from "vitest";
import { EVENT_TYPES } from "../../../src/domain/webhook-event.ts";
import { eventSchema, type ToldType } from "../../../src/routes/api/event-schemas.ts";
import { clientsPath, makeClient, makeGrantToken, rotate } from "../clients.ts";
import { fireJobs } from "../oauth/jobs.ts";
import {
  credentials,
  expectTokens,
  ownerPerson,
  post,
  redeem,
  refresh,
  storeClient,
  storeCode,
} from "../oauth/support.ts";
import { acceptedCode, decide, linkOf, visitor } from "../oauth/visitor.ts";
import { accept, invite, makeRole, signIn } from "../people.ts";
import { call, check, driveClock, issue, makeService, rows } from "../support.ts";
import { openWorld, Receiver } from "./receiver.ts";
import { startConsumer, subscribe, type Consumer } from "./sending.ts";

const clock = driveClock();
const DAY_MS = 86_400_000;

/** Gives an endpoint turns until nothing is due. */
async function deliverAll({ turn, queue }: Consumer, webhook: string): Promise<void> {
  do await turn(webhook);
  while (queue.drain().length > 0);
}

test("a tour of the product: every type arrives, verified by the independent library and as documented", async () => {
  const consumer = await startConsumer();
  const server = await storeClient("server");
  const { team } = server;
  const base = `/v1/teams/${team}`;
  const [receiver, broken] = [new Receiver(), new Receiver()];
  openWorld(receiver, broken);
  const webhook = await subscribe(consumer, team, receiver, [...EVENT_TYPES]);

  // Access tokens: made, limited, about to expire, revoked, found elsewhere.
  const { key } = await makeService();
  const { id, token } = await issue(team, {
    permissions: ["EMM.Devices.VIEW"],
    expires_in: (8 * DAY_MS) / 1000,
    rate_limit: { limit: 1, window_seconds: 60 },
  });
  await check(key, { token });
  expect((await check(key, { token })).reason).toBe("rate_limited");
  clock.advance(DAY_MS + 1000);
  await fireJobs();
  await call("POST", `${base}/access-tokens/${id}/revoke`);
  const leaked = await issue(team);
  await call("POST", "/v1/leaks", {
    as: null,
    body: { token: leaked.token, url: "https://paste.example/1" },
  });

  // Clients.
  const made = await makeClient(team, "self");
  await rotate(team, made.id, 60);
  await makeGrantToken(team, made.id, { scope: "EMM.Devices.VIEW" });
  await call("DELETE", clientsPath(team, made.id));

  // Grants: accepted and denied by a person, revoked by the client; refresh tokens that are replayed, and one too many.
  const { user } = await ownerPerson(team);
  const owner = visitor(await signIn(user));
  await decide(owner, linkOf(server, { access_type: "offline", prompt: "consent" }), "deny");
  const tokens = expectTokens(
    await redeem(
      server,
      await acceptedCode(owner, linkOf(server, { access_type: "offline", prompt: "consent" })),
    ),
  );
  await post("/oauth/v2/token/revoke", { ...credentials(server), token: tokens.refresh_token ?? "" });
  const mobile = await storeClient("mobile", { team_id: team });
  const { refresh_token: first = "" } = expectTokens(await redeem(mobile, (await storeCode(mobile)).code));
  expectTokens(await refresh(mobile, first));
  clock.advance(11_000);
  expect((await refresh(mobile, first)).status).toBe(400);
  for (let n = 0; n < 21; n += 1) {
    // Within what may be issued in ten minutes, by a session that is not too old.
    clock.advance(100_000);
    const offline = linkOf(server, { access_type: "offline", prompt: "consent" });
    expectTokens(await redeem(server, await acceptedCode(visitor(await signIn(user)), offline)));
  }

  // People.
  const role = await makeRole(team, ["EMM.Devices.VIEW"]);
  await call("PATCH", `${base}/roles/${role.id}`, { body: { description: "sees devices" } });
  const { member, secret } = await invite(team, role.id);
  await accept(secret);
  await call("DELETE", `${base}/members/${member.id}`);
  await call("DELETE", `${base}/roles/${role.id}`);

  // The team itself, and an endpoint that is gone.
  const gone = await subscribe(consumer, team, broken, ["team.updated"]);
  broken.answer = () => new Response(null, { status: 410 });
  await call("PATCH", base, { body: { preferences: { tour: true } } });
  await deliverAll(consumer, gone);
  await call("PATCH", base, { body: { status: "suspended" } });

  await deliverAll(consumer, webhook);

  const arrived = receiver.receipts.map(({ event }) => event);
  expect([...new Set(arrived.map(({ type }) => type))].sort()).toEqual([...EVENT_TYPES].sort());
  for (const event of arrived) {
    const { issues } = v.safeParse(eventSchema(event.type as ToldType), event);
    expect(issues, `${event.type} ${JSON.stringify(event)}`).toBeUndefined();
    expect(event).toMatchObject({ team, region: "us" });
  }
  // Each event once, and none left behind.
  const events = await rows<{ id: string; sequence: number }>(
    "SELECT id, sequence FROM events WHERE team_id = ? ORDER BY sequence",
    team,
  );
  expect(arrived.map((event) => event.id).sort()).toEqual(events.map((event) => event.id).sort());
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
  const all = JSON.stringify(arrived);
  for (const hidden of [token, leaked.token, secret, tokens.access_token, first])
    expect(all).not.toContain(hidden);
});
