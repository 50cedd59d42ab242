import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { defaultOrigin } from "../../../src/deployments.ts";
import { driveClock, issue, makeTeam } from "../support.ts";
import { proveDomain } from "../openid-provider.ts";
import { openWorld, Receiver } from "./receiver.ts";
import { attemptsOf, deliveriesOf, startConsumer, subscribe, type Consumer } from "./sending.ts";

const clock = driveClock();
const consumer = await startConsumer();

/** Every address that was called, by whomever. */
function listenEverywhere(): string[] {
  const called: string[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    called.push(request.url);
    return new Response("reached");
  });
  return called;
}

/** Tries to send an event to an address that was stored somehow; gives what was called. */
async function tryAddress(
  url: string,
  by: Consumer = consumer,
): Promise<{ called: string[]; webhook: string }> {
  const called = listenEverywhere();
  const { id: team } = await makeTeam();
  const webhook = await subscribe(by, team, new Receiver(url));
  await issue(team);
  await by.turn(webhook);
  return { called, webhook };
}

describe("an address that leads inside", () => {
  test.each([
    "http://hooks.example.com/",
    "https://hooks.example.com:8443/",
    "https://user:password@hooks.example.com/",
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://10.0.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[::ffff:10.0.0.1]/",
    "https://localhost/",
    "https://printer.local/",
    "https://vault.internal/",
    "https://intranet/",
    "https://1.0.0.127.in-addr.arpa/",
    "ftp://hooks.example.com/",
    "javascript:alert(1)",
    "no address",
    `${defaultOrigin("us")}/v1/teams`,
    `${defaultOrigin("eu")}/hook`,
  ])("is not called although it is stored: %s", async (url) => {
    const { called, webhook } = await tryAddress(url);
    expect(called).toEqual([]);
    expect(await attemptsOf(webhook)).toMatchObject([
      { status_code: null, error: "refused_address", excerpt: null },
    ]);
    expect(await deliveriesOf(webhook)).toMatchObject([{ status: "pending", tries: 1 }]);
  });

  test("is not called where it became one of ours since it was stored", async () => {
    const { id: owner } = await makeTeam();
    const before = await tryAddress("https://tokens.customer.example.org/hook");
    expect(before.called).toHaveLength(1);
    await proveDomain(owner, "tokens.customer.example.org");
    const after = await tryAddress("https://tokens.customer.example.org/hook");
    expect(after.called).toEqual([]);
    expect(await attemptsOf(after.webhook)).toMatchObject([{ error: "refused_address" }]);
  });

  test("is not reached by a redirect either", async () => {
    const receiver = new Receiver();
    const inside = new Receiver("https://metadata.example.com/secret");
    openWorld(receiver, inside);
    const { id: team } = await makeTeam();
    const webhook = await subscribe(consumer, team, receiver);
    for (const status of [301, 302, 303, 307, 308]) {
      receiver.answer = () => new Response(null, { status, headers: { Location: inside.url } });
      await issue(team);
    }
    await consumer.turn(webhook);
    expect(inside.requests).toEqual([]);
    expect(new Set((await attemptsOf(webhook)).map(({ error }) => error))).toEqual(new Set(["redirect"]));
  });
});

describe("the loopback address", () => {
  test("is called on any port where that is allowed, to try things out; Jeton's own is not", async () => {
    const trying = await startConsumer({
      ALLOW_LOOPBACK_WEBHOOKS: "true",
      ORIGINS: JSON.stringify({ us: "http://127.0.0.1:8787" }),
    });
    expect((await tryAddress("http://127.0.0.1:9999/hook", trying)).called).toEqual([
      "http://127.0.0.1:9999/hook",
    ]);
    expect((await tryAddress("http://127.0.0.1:8787/hook", trying)).called).toEqual([]);
    expect((await tryAddress("http://localhost:8787/hook", trying)).called).toEqual([]);
    expect((await tryAddress("http://10.0.0.1:9999/hook", trying)).called).toEqual([]);
  });

  test("is not called by a deployed Worker, whatever its settings say", async () => {
    const deployed = await startConsumer({
      ALLOW_LOOPBACK_WEBHOOKS: "true",
      DEVELOPMENT: "",
      OPERATOR_KEY: "an-operator-key-0000",
      TAG_KEYS: env.TAG_KEYS?.replace("jtn-dev-", "real-key-") ?? "",
      ENCRYPTION_KEYS: "an-encryption-key-0000",
    });
    expect((await tryAddress("http://127.0.0.1:9999/hook", deployed)).called).toEqual([]);
  });
});

test("an address that may be called again is called again, when the retry is due", async () => {
  const { id: owner } = await makeTeam();
  const name = "moving.customer.example.org";
  await proveDomain(owner, name);
  const { webhook } = await tryAddress(`https://${name}/hook`);
  await env.DB.prepare("DELETE FROM domains WHERE name = ?").bind(name).run();
  clock.advance(10_000);
  const called = listenEverywhere();
  await consumer.turn(webhook);
  expect(called).toEqual([`https://${name}/hook`]);
  expect(await deliveriesOf(webhook)).toMatchObject([{ status: "delivered", tries: 2 }]);
});
