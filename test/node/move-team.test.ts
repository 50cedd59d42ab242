import { createHash, randomUUID } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Browser } from "../clients/browser.ts";
import { acceptedBy, watchDuring, type Seen } from "./check-watch.ts";
import { Gate, runMove, type MoveRun } from "./move-process.ts";
import { RegionProcesses, text, type Answer, type Json } from "./region-processes.ts";

/*
 * A team moves between two of three regions, each a process of its own, by the command that an operator runs: whatever
 * is killed on the way, it lives in one of them, and the same command goes on (README, "Moving a team").
 */

const LONG_MS = 240_000;
const CODES = ["us", "eu", "in"] as const;
type Code = (typeof CODES)[number];

const PERMISSION = "EMM.Devices.VIEW";
const REDIRECT = "http://127.0.0.1:9/callback";
/** More than two pages of 500 have. */
const IMPORTED = 1_100;

const regions = new RegionProcesses("move-team", CODES);
const gates = {
  us: new Gate(() => regions.urlOf("us")),
  eu: new Gate(() => regions.urlOf("eu")),
};
const services = new Map<Code, string>();
const invitations = join(regions.folder, "links.txt");
const owner = { email: "owner@mover.example", password: "a password in us" };

let team = "";
let teamPath = "";
let imported: string[] = [];
const client = { id: "", secret: "", secretInIn: "" };
const held = { access: "", refresh: "" };

function command(...flags: string[]): MoveRun {
  const places = ["--from", "us", "--to", "eu", "--from-url", gates.us.url, "--to-url", gates.eu.url];
  return runMove([team, ...places, "--invitations", invitations, ...flags], ["us", "eu"]);
}

async function run(...flags: string[]): Promise<string> {
  const { code, output } = await command(...flags).ended;
  expect(code, output).toBe(0);
  return output;
}

/** @returns the text of the token, and its id */
async function issue(code: Code): Promise<{ readonly id: string; readonly token: string }> {
  const body = { name: "issued", permissions: [PERMISSION] };
  const made = await regions.ask(code, "POST", `${teamPath}/access-tokens`, body);
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  return { id: (made.body["access_token"] as { readonly id: string }).id, token: text(made, "token") };
}

async function revoke(code: Code, id: string): Promise<void> {
  const answer = await regions.ask(code, "POST", `${teamPath}/access-tokens/${id}/revoke`);
  expect(answer.status).toBe(200);
}

/** Once the freshness bound is over. */
async function expectRevoked(code: Code, token: string): Promise<void> {
  await vi.waitFor(async () => {
    expect(await check(code, token)).toMatchObject({ allowed: false, reason: "revoked_token" });
  }, 20_000);
}

async function check(code: Code, token: string): Promise<Json> {
  const body = { token, permissions: [PERMISSION] };
  return (await regions.ask(code, "POST", "/v1/check", body, services.get(code))).body;
}

/** What a region says of a credential whose team lives in another one. */
function movedTo(code: Code): object {
  return { allowed: false, reason: "wrong_region", region: { code, base_url: regions.urlOf(code) } };
}

/** Exactly one of both accepts what the team has, and the other one tells where to go. */
async function expectAlive(here: "us" | "eu", tokens: readonly string[]): Promise<void> {
  for (const token of tokens) {
    expect(await check(here, token)).toMatchObject({ allowed: true, token: { team } });
    expect(await check(here === "us" ? "eu" : "us", token)).toMatchObject(movedTo(here));
  }
}

function refresh(code: Code): Promise<Answer> {
  return regions.token(code, {
    grant_type: "refresh_token",
    refresh_token: held.refresh,
    client_id: client.id,
    client_secret: client.secret,
  });
}

function linkTo(code: Code, redirectUri: string): string {
  const query = {
    response_type: "code",
    access_type: "offline",
    scope: PERMISSION,
    state: "s",
    prompt: "consent",
    client_id: client.id,
    redirect_uri: redirectUri,
  };
  return `${regions.urlOf(code)}/oauth/v2/auth?${new URLSearchParams(query).toString()}`;
}

/** Lets the client have what it asks for, and gives what it then gets. */
async function authorize(code: Code, person: typeof owner, secret: string, redirectUri: string) {
  const back = await new Browser(regions.urlOf(code), person).accept(linkTo(code, redirectUri));
  if (!back.startsWith(redirectUri)) throw new Error(`not sent back but to ${back}`);
  return regions.token(code, {
    grant_type: "authorization_code",
    code: new URL(back).searchParams.get("code") ?? "",
    redirect_uri: redirectUri,
    client_id: client.id,
    client_secret: secret,
  });
}

/** A redirect URI that is registered at the client's home arrives in the third region, where a person can use it. */
async function expectRegistered(home: "us" | "eu", redirectUri: string): Promise<void> {
  const path = `${teamPath}/clients/${client.id}`;
  const changed = await regions.ask(home, "PATCH", path, { redirect_uris: [redirectUri] });
  expect(changed.status, JSON.stringify(changed.body)).toBe(200);
  const arrives = async () => {
    // Home looks what is due when it is asked something.
    await fetch(`${regions.urlOf(home)}/oauth/v2/introspect`, { method: "POST" });
    const { status } = await fetch(linkTo("in", redirectUri), { redirect: "manual" });
    expect(status).toBe(303);
  };
  await vi.waitFor(arrives, { timeout: 60_000, interval: 250 });
  const person = { email: "owner@in.example", password: "a password in in" };
  expect(await authorize("in", person, client.secretInIn, redirectUri)).toMatchObject({ status: 200 });
}

function watched(...tokens: string[]) {
  return { regions, codes: ["us", "eu"] as const, keys: services, tokens, permission: PERMISSION };
}

/**
 * No check that began after the other side had accepted a token was accepted here any more; and what separates the
 * two is the moment that was told when the team was handed over.
 */
function expectNeverBoth(seen: readonly Seen[], left: "us" | "eu", arrived: "us" | "eu"): void {
  const effectiveBy = Date.parse(handedOver(gates[left]).effective_by);
  for (const token of new Set(seen.map((each) => each.token))) {
    const last = Math.max(...acceptedBy(seen, left, token).map(({ asked }) => asked));
    const first = Math.min(...acceptedBy(seen, arrived, token).map(({ answered }) => answered));
    expect(last).toBeGreaterThan(0);
    expect(first).toBeLessThan(Number.POSITIVE_INFINITY);
    expect(last).toBeLessThanOrEqual(first);
    expect(last).toBeLessThanOrEqual(effectiveBy);
    expect(first).toBeGreaterThanOrEqual(effectiveBy);
  }
}

/** What a region said when the team was handed over last. */
function handedOver(gate: Gate) {
  const passed = gate.passed.findLast(({ path, status }) => path.endsWith("/hand-over") && status === 200);
  const { move }: { move: { readonly id: string; readonly effective_by: string } } = JSON.parse(
    passed?.body ?? "{}",
  );
  return move;
}

beforeAll(async () => {
  await Promise.all([regions.start(), gates.us.open(), gates.eu.open()]);
  for (const code of CODES) {
    services.set(code, text(await regions.ask(code, "POST", "/v1/services", { name: "api" }), "key"));
  }
  const there = { email: "owner@in.example", password: "a password in in" };
  await regions.ask("in", "POST", "/v1/teams", { name: "Team in", slug: "team", owner: there });
  const made = await regions.ask("us", "POST", "/v1/teams", {
    name: "Mover",
    slug: "mover",
    plan: "enterprise",
    owner,
  });
  team = (made.body["team"] as { readonly id: string }).id;
  teamPath = `/v1/teams/${team}`;
  await regions.ask("us", "POST", `${teamPath}/roles`, { name: "Readers", permissions: [PERMISSION] });
  imported = Array.from({ length: IMPORTED }, () => `sk_live_${randomUUID()}`);
  for (let from = 0; from < IMPORTED; from += 500) {
    const keys = imported.slice(from, from + 500).map((key, place) => ({
      name: `key ${from + place}`,
      hash: createHash("sha256").update(key).digest("hex"),
      permissions: [PERMISSION],
    }));
    await regions.ask("us", "POST", `${teamPath}/imported-keys`, { keys });
  }

  const registered = await regions.ask("us", "POST", `${teamPath}/clients`, {
    type: "server",
    name: "App",
    redirect_uris: [REDIRECT],
    permissions: [PERMISSION],
    regions: ["in"],
  });
  client.id = (registered.body["client"] as { readonly id: string }).id;
  client.secret = text(registered, "client_secret");
  client.secretInIn = (registered.body["client_secrets"] as { readonly in: string }).in;
  const given = await authorize("us", owner, client.secret, REDIRECT);
  held.access = text(given, "access_token");
  held.refresh = text(given, "refresh_token");
}, LONG_MS);

afterAll(async () => {
  for (const gate of Object.values(gates)) gate.close();
  await regions.stop();
}, LONG_MS);

describe("a team that is moved by the command", { timeout: LONG_MS }, () => {
  test("stays, when the command is killed while it copies and then undone", async () => {
    const page = gates.us.hold("GET", /rows\?kind=team_tokens&after=[^&]/);
    const killed = command();
    await page;
    await killed.kill();
    const { id, token } = await issue("us");

    expect(await run("--undo")).toContain("The team stays in us");

    expect(await check("us", token)).toMatchObject({ allowed: true });
    expect(await check("us", imported[0] ?? "")).toMatchObject({ allowed: true });
    await revoke("us", id);
    await expectRevoked("us", token);
    expect((await regions.ask("eu", "GET", teamPath)).status).toBe(404);
  });

  test("comes back, when it was handed over and never taken", async () => {
    const take = gates.eu.hold("POST", /\/take$/);
    const killed = command();
    await take;
    await killed.kill();
    const effectiveBy = Date.parse(handedOver(gates.us).effective_by);
    await vi.waitUntil(() => Date.now() > effectiveBy, { timeout: 20_000 });
    expect(await check("us", held.access)).toMatchObject(movedTo("eu"));
    expect(await check("eu", held.access)).toMatchObject({ allowed: false });

    expect(await run("--undo")).toContain("The team stays in us");

    await vi.waitFor(async () => {
      expect(await check("us", held.access)).toMatchObject({ allowed: true });
    });
    expect(await check("us", imported[IMPORTED - 1] ?? "")).toMatchObject({ allowed: true });
    expect((await issue("us")).token).toContain("_us_");
  });

  test("is never accepted by both regions, although command and region are killed on the way", async () => {
    const issued = await issue("us");
    let output = "";
    const tokens = [held.access, issued.token, imported[0] ?? ""];
    const seen = await watchDuring(watched(...tokens), async () => {
      const page = gates.us.hold("GET", /rows\?kind=team_tokens&after=[^&]/);
      const first = command();
      await page;
      await first.kill();

      const take = gates.eu.hold("POST", /\/take$/);
      const second = command();
      const { pass } = await take;
      await regions.kill("eu");
      pass();
      await vi.waitFor(async () => {
        expect(await check("us", issued.token)).toMatchObject(movedTo("eu"));
      });
      await regions.serve("eu");
      const ended = await second.ended;
      expect(ended.code, ended.output).toBe(0);
      output = ended.output;
    });

    expectNeverBoth(seen, "us", "eu");
    const taken = gates.eu.passed.findLast(({ path }) => path.endsWith("/take"));
    const early = acceptedBy(seen, "eu").filter(({ answered }) => answered < (taken?.asked ?? 0));
    expect(early).toEqual([]);
    await expectAlive("eu", [...tokens, imported[IMPORTED - 1] ?? ""]);
    expect(output).toContain("eu does not answer; asking again.");
    expect(output).toContain("eu has it, and us sends everybody there.");
  });

  test("is in both regions' words the same: so many rows of each kind, and their SHA-256", async () => {
    const { id } = handedOver(gates.us);
    const [left, taken] = await Promise.all(
      (["us", "eu"] as const).map(async (code) => {
        const { body } = await regions.ask(code, "GET", `/v1/moves/${id}`);
        return body["move"] as { rows: Record<string, number>; sha256: string; state: string };
      }),
    );
    expect([left?.state, taken?.state]).toEqual(["handed_over", "taken"]);
    expect(taken?.rows).toEqual(left?.rows);
    expect(taken?.sha256).toBe(left?.sha256);
    // Those that were imported, and three that were issued.
    expect(taken?.rows).toMatchObject({ team: 1, members: 1, roles: 1, team_tokens: IMPORTED + 3 });
    // Run again, it is done once, and says the same once more.
    expect(await run()).toContain(`${IMPORTED + 3} team_tokens`);
    expect(await run()).toContain(`SHA-256 ${taken?.sha256}.`);
  });

  test("lets its owner in again by a link that only who moved the team can read", async () => {
    // A file of that name which everybody may read is no place for the links either.
    writeFileSync(invitations, "", { mode: 0o644 });
    const output = await run();
    expect(statSync(invitations).mode & 0o777).toBe(0o600);
    expect(output).toContain("1 members have no account there yet");
    const [email, link = ""] = readFileSync(invitations, "utf8").trim().split("\t");
    expect(email).toBe(owner.email);
    expect(link).toContain(regions.urlOf("eu"));
    expect(output).not.toContain(link);

    const invitation = link.slice(link.lastIndexOf("/") + 1);
    const accept = (code: Code) =>
      regions.ask(code, "POST", "/v1/invitations/accept", { invitation, password: "a password in eu" }, "");
    expect((await accept("us")).status).toBe(404);
    const joined = await accept("eu");
    expect(joined, JSON.stringify(joined.body)).toMatchObject({
      status: 200,
      body: { member: { role: "owner", status: "active" } },
    });
    // What they granted before goes on, for who they are there.
    const { user } = joined.body["member"] as { readonly user: string };
    await vi.waitFor(async () => {
      expect(await check("eu", held.access)).toMatchObject({ allowed: true, token: { user_id: user } });
    }, 20_000);
    expect((await accept("eu")).status).toBe(404);
    expect(await run()).not.toContain("have no account there yet");
  });

  test("ends its tokens where it lives, and goes on with what it was granted before", async () => {
    const { id, token } = await issue("eu");
    await expectAlive("eu", [token]);
    await revoke("eu", id);
    await expectRevoked("eu", token);
    expect(await check("us", token)).toMatchObject({ allowed: false, reason: "wrong_region" });
    const mine = (await regions.ask("eu", "GET", `${teamPath}/access-tokens`)).body["access_tokens"] as {
      id: string;
      name: string;
    }[];
    const old = mine.find(({ name }) => name.startsWith("key "));
    await revoke("eu", old?.id ?? "");
    const oldText = imported[Number(old?.name.slice(4))] ?? "";
    await expectRevoked("eu", oldText);
    expect(await check("us", oldText)).toMatchObject(movedTo("eu"));

    const refused = await refresh("us");
    expect(refused.status).toBe(400);
    expect(text(refused, "error_description")).toContain(regions.urlOf("eu"));
    const given = await refresh("eu");
    expect(given).toMatchObject({ status: 200, body: { api_domain: regions.urlOf("eu") } });
    expect(await check("eu", text(given, "access_token"))).toMatchObject({ allowed: true });
  });

  test("registers its client anew for a third region from where it lives now", async () => {
    await expectRegistered("eu", "http://127.0.0.1:9/from-eu");
  });

  test("is undone with all that has happened in the other region, and never accepted by both", async () => {
    const [made, gone] = [await issue("eu"), await issue("eu")];
    const seen = await watchDuring(watched(held.access, made.token), async () => {
      await revoke("eu", gone.id);
      const page = gates.eu.hold("GET", /rows\?kind=team_tokens&after=[^&]/);
      const killed = command("--undo");
      await page;
      await killed.kill();
      expect(await run("--undo")).toContain("us has it, and eu sends everybody there.");
    });

    expectNeverBoth(seen, "eu", "us");
    await expectAlive("us", [held.access, made.token, imported[IMPORTED - 1] ?? ""]);
    expect(await check("us", gone.token)).toMatchObject({ allowed: false, reason: "revoked_token" });
    expect(await refresh("us")).toMatchObject({ status: 200 });
    await new Browser(regions.urlOf("us"), owner).visit(`${regions.urlOf("us")}/console`);
    await expectRegistered("us", "http://127.0.0.1:9/from-us");
  });

  test("cannot be confirmed before it has moved", async () => {
    const { code, output } = await command("--confirm").ended;
    expect([code, output]).toEqual([1, expect.stringContaining("us has handed the team over to nobody")]);
  });

  test("is forgotten where it was, once that is confirmed, and a second word changes nothing", async () => {
    await run();
    await expectAlive("eu", [held.access]);
    const { id } = handedOver(gates.us);
    for (let times = 0; times < 2; times += 1) {
      expect(await run("--confirm")).toContain("us has forgotten the team");
      await expectAlive("eu", [held.access, imported[IMPORTED - 1] ?? ""]);
      const { rows } = (await regions.ask("us", "GET", `/v1/moves/${id}/digest`)).body as {
        rows: Record<string, number>;
      };
      // Of the tokens the hashes stay, by which whoever sends one is told.
      expect(rows).toMatchObject({ members: 0, roles: 0, grants: 0, consents: 0 });
    }
    expect(await refresh("eu")).toMatchObject({ status: 200 });
    const { code, output } = await command("--undo").ended;
    expect([code, output]).toEqual([1, expect.stringContaining("--from eu --to us")]);
    expect(existsSync(`${team}-invitations.txt`)).toBe(false);
  });
});
