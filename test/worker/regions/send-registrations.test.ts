import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from "jose";
import { readRegistration, REGISTRATION_TYPE, type Registration } from "../../../src/domain/registration.ts";
import { createApp } from "../../../src/app.ts";
import { hashCredential } from "../../../src/operations/credentials.ts";
import { sendRegistrations } from "../../../src/operations/regions/send-registrations.ts";
import { Courier } from "../../../src/operations/webhooks/courier.ts";
import { parseCredential } from "../../../src/domain/token.ts";
import { clientBody, clientsPath, makeClient, patchClient, rotate } from "../clients.ts";
import {
  call,
  driveClock,
  expectAnswer,
  expectRefusal,
  rows,
  send,
  startIsolate,
  startWorker,
  unique,
  wholeStore,
  type AnswerBody,
  type Worker,
} from "../support.ts";
import { Regions } from "./support.ts";

const DAY_MS = 86_400_000;

const clock = driveClock();
const regions = new Regions();
const { deps } = await startIsolate();

/** A Worker that sends nothing in the background: a test says when. */
const silent = createApp(() => ({
  ...deps,
  courier: new Courier(async () => {}, { startTimer: deps.startTimer, now: deps.clock }),
}));
const at: Worker = async (request) => silent.fetch(request, env, createExecutionContext());

async function makeTeam(): Promise<{ readonly id: string }> {
  const slug = unique("team");
  return expectAnswer(await call("POST", "/v1/teams", { at, body: { name: slug, slug } }), 201, "CreatedTeam")
    .team;
}

/** What each region was told, read as it would: by the published keys. */
const told: Registration[] = [];

/** @param answer what the region says, given the version that it was told */
function listen(region: "eu" | "in", answer: (version: number) => Response = taken): void {
  regions.on(region, async (request) => {
    const published = await send("GET", "/.well-known/jwks.json", { as: null });
    const keys: JSONWebKeySet = await published.json();
    const { payload } = await jwtVerify(
      new TextDecoder().decode(await request.arrayBuffer()),
      createLocalJWKSet(keys),
      {
        typ: REGISTRATION_TYPE,
        issuer: "https://tokens.example.com",
        audience: `https://tokens.example.${region}`,
        currentDate: new Date(),
      },
    );
    const registration = readRegistration(payload);
    if (registration === null) throw new Error("no registration");
    told.push(registration);
    return answer(registration.version);
  });
}

function taken(version: number): Response {
  return Response.json({ client: "cli", version });
}

async function tell(): Promise<Registration[]> {
  told.length = 0;
  await sendRegistrations(deps);
  return [...told];
}

async function outbox(client: string, region = "eu") {
  const [row] = await rows<{ version: number; acked_version: number; next_at: number | null; tries: number }>(
    "SELECT version, acked_version, next_at, tries FROM registrations_out WHERE client_id = ? AND region = ?",
    client,
    region,
  );
  return row;
}

async function made(more: object = {}) {
  const { id: team } = await makeTeam();
  const answer = await call("POST", clientsPath(team), {
    at,
    body: clientBody("server", { regions: ["eu"], ...more }),
  });
  const body: AnswerBody<"CreatedClient"> = expectAnswer(answer, 201, "CreatedClient");
  return { team, id: body.client.id, secret: body.client_secret ?? "", secrets: body.client_secrets };
}

beforeEach(async () => {
  // What other tests left is told: each begins with an empty outbox.
  listen("eu");
  listen("in");
  await tell();
});

describe("a client that is registered for another region", () => {
  test("has a secret of its own there, shown once, of which the hash alone travels", async () => {
    const { id, secret, secrets } = await made();
    const there = secrets?.["eu"] ?? "";

    expect(parseCredential(there)).toMatchObject({ kind: "cs", region: "eu" });
    expect(there).not.toBe(secret);
    const [registration] = await tell();
    expect(registration).toMatchObject({ clientId: id, type: "server", version: 1 });
    expect(registration?.enabled?.secrets.map(({ hash }) => hash)).toEqual([hashCredential(there)]);
    expect(await wholeStore()).not.toContain(there);
    expect(await outbox(id)).toMatchObject({ version: 1, acked_version: 1, tries: 0 });
  });

  test("cannot use that secret at home, nor the one of home there", async () => {
    const { id, secrets } = await made();
    const body = { grant_type: "client_credentials", client_id: id, client_secret: secrets?.["eu"] ?? "" };
    const response = await send("POST", "/oauth/v2/token", {
      as: null,
      body: new URLSearchParams(body).toString(),
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
    });
    expect(response.status).toBe(401);
    const [registration] = await tell();
    expect(registration?.enabled?.secrets).toHaveLength(1);
  });

  test("has the same secret everywhere where that was asked for", async () => {
    const { secret, secrets } = await made({ same_secret_everywhere: true });
    expect(secrets).toBeUndefined();
    const [registration] = await tell();
    expect(registration?.enabled?.secrets.map(({ hash }) => hash)).toEqual([hashCredential(secret)]);
  });

  test("is told without anything about people or the one who registered it", async () => {
    await made();
    const [registration] = await tell();
    expect(JSON.stringify(registration)).not.toMatch(/operator|@|usr_/);
  });

  test("does not show the secrets again to whoever repeats the request", async () => {
    const { id: team } = await makeTeam();
    const sending = {
      at,
      body: clientBody("server", { regions: ["eu"] }),
      headers: { "Idempotency-Key": "again" },
    };
    await call("POST", clientsPath(team), sending);
    const again = expectAnswer(await call("POST", clientsPath(team), sending), 201, "CreatedClient");
    expect(again).toMatchObject({ client_secret: null, client_secrets: { eu: null }, replayed: true });
  });

  test("is told soon after the request, in the background", async () => {
    const talking = await startWorker();
    const { id: team } = await makeTeam();
    told.length = 0;
    const { id } = await makeClient(team, "browser", { regions: ["eu"] }, { at: talking });
    await vi.waitFor(() => expect(told.map(({ clientId }) => clientId)).toEqual([id]), 5_000);
  });
});

describe("a change", () => {
  test("is told as a new version", async () => {
    const { team, id } = await made();
    await tell();
    await patchClient(team, id, { redirect_uris: ["https://new.example/cb"] }, { at });
    const [registration] = await tell();
    expect(registration).toMatchObject({ version: 2, enabled: { redirectUris: ["https://new.example/cb"] } });
    expect(await tell()).toEqual([]);
  });

  test("that enables a region shows its secret, and one that disables it says nothing but that", async () => {
    const { team, id } = await made({ regions: [] });
    const enabled = expectAnswer(
      await patchClient(team, id, { regions: ["eu"] }, { at }),
      200,
      "ChangedClient",
    );
    expect(Object.keys(enabled.client_secrets ?? {})).toEqual(["eu"]);
    await tell();

    const disabled = expectAnswer(await patchClient(team, id, { regions: [] }, { at }), 200, "ChangedClient");
    expect(disabled.client_secrets).toBeUndefined();
    expect(await tell()).toEqual([
      { clientId: id, type: "server", version: expect.any(Number), enabled: null },
    ]);
    expect(await rows("SELECT hash FROM region_secrets WHERE client_id = ?", id)).toEqual([]);
    expect(await outbox(id)).toMatchObject({ next_at: null });
  });

  test("by rotation gives the regions that it names a new secret, and leaves the others theirs", async () => {
    const { team, id, secrets } = await made({ regions: ["eu", "in"] });
    const body = { regions: ["eu"], overlap_seconds: 60 };
    const rotated = expectAnswer(
      await call("POST", clientsPath(team, id, "secrets"), { at, body }),
      201,
      "CreatedClient",
    );
    expect(rotated.client_secret).toBeNull();
    const next = rotated.client_secrets?.["eu"] ?? "";
    expect(parseCredential(next)).toMatchObject({ region: "eu" });

    const registrations = await tell();
    const hashes = registrations.map(({ enabled }) => enabled?.secrets.map(({ hash }) => hash));
    expect(hashes).toContainEqual([hashCredential(secrets?.["in"] ?? "")]);
    expect(hashes.find((each) => each?.includes(hashCredential(next)))).toHaveLength(2);
    expectRefusal(
      await call("POST", clientsPath(team, id, "secrets"), { at, body: { regions: ["jp"] } }),
      400,
      "COM0005",
    );
  });

  test("of the secret that is the same everywhere is told to each region", async () => {
    const { team, id } = await made({ same_secret_everywhere: true });
    await tell();
    const { client_secret: next } = expectAnswer(await rotate(team, id, 0, { at }), 201, "CreatedClient");
    const [registration] = await tell();
    expect(registration?.enabled?.secrets.map(({ hash }) => hash)).toEqual([hashCredential(next ?? "")]);
    const elsewhere = { at, body: { regions: ["eu"] } };
    expectRefusal(await call("POST", clientsPath(team, id, "secrets"), elsewhere), 400, "COM0005");
  });

  test("of the team's standing is one, and so is the end of all its credentials", async () => {
    const { team, id } = await made({ same_secret_everywhere: true });
    await tell();
    await call("PATCH", `/v1/teams/${team}`, { at, body: { status: "suspended" } });
    expect((await tell())[0]?.enabled?.teamStatus).toBe("suspended");
    await call("PATCH", `/v1/teams/${team}`, { at, body: { status: "active" } });
    await call("POST", `/v1/teams/${team}/revoke-all`, { at });
    expect((await tell())[0]?.enabled).toMatchObject({ teamStatus: "active", secrets: [] });
    expect(await outbox(id)).toMatchObject({ tries: 0 });
  });

  test("that deletes the client ends it everywhere", async () => {
    const { team, id } = await made();
    await call("DELETE", clientsPath(team, id), { at });
    expect(await tell()).toMatchObject([{ clientId: id, version: expect.any(Number), enabled: null }]);
  });

  test("that reports the secret as leaked is told", async () => {
    const { id, secret } = await made({ same_secret_everywhere: true });
    await tell();
    await call("POST", "/v1/leaks", { at, as: null, body: { token: secret } });
    expect((await tell())[0]).toMatchObject({ clientId: id, enabled: { secrets: [] } });
  });
});

describe("a region that is down", () => {
  test("is asked ever more seldom, one question for all that is due, and catches up with the newest version", async () => {
    const { team, id } = await made();
    await made();
    const down = () => new Response(null, { status: 503 });
    listen("eu", down);
    expect(await tell()).toHaveLength(1);
    expect(await tell()).toEqual([]);
    for (let tries = 1; tries < 12; tries += 1) {
      clock.advance(300_000);
      expect(await tell()).toHaveLength(1);
    }
    clock.advance(299_000);
    expect(await tell()).toEqual([]);

    await patchClient(team, id, { name: "Newest" }, { at });
    listen("eu");
    clock.advance(1_000);
    const caughtUp = await tell();
    expect(caughtUp).toHaveLength(2);
    expect(caughtUp.filter(({ clientId }) => clientId === id)).toMatchObject([
      { version: 2, enabled: { name: "Newest" } },
    ]);
    expect(await outbox(id)).toMatchObject({ version: 2, acked_version: 2, tries: 0 });
  });

  test("keeps none of the others waiting", async () => {
    const { id } = await made({ regions: ["eu", "in"] });
    listen("eu", () => {
      throw new Error("unreachable");
    });
    await tell();
    expect(await outbox(id, "in")).toMatchObject({ acked_version: 1 });
    expect(await outbox(id, "eu")).toMatchObject({ acked_version: 0, tries: 1 });
    listen("eu");
    clock.advance(300_000);
  });

  test("and came back with a database of yesterday is told again within a day", async () => {
    const { id } = await made();
    await tell();
    const again = async () => (await tell()).filter(({ clientId }) => clientId === id);
    clock.advance(DAY_MS - 1);
    expect(await again()).toEqual([]);
    clock.advance(1);
    expect(await again()).toMatchObject([{ version: 1 }]);
  });

  test("that has a higher version than this one, which was restored, is overtaken", async () => {
    const { id } = await made();
    listen("eu", (version) => taken(Math.max(version, 40)));
    await tell();
    clock.advance(300_000);
    expect((await tell()).find(({ clientId }) => clientId === id)).toMatchObject({ version: 41 });
    expect(await outbox(id)).toMatchObject({ version: 41, acked_version: 41 });
  });
});

test("a change while the message is under way is told as well", async () => {
  const { team, id } = await made();
  let changed = false;
  regions.on("eu", async () => {
    if (!changed) await patchClient(team, id, { name: "Meanwhile" }, { at });
    changed = true;
    return taken(1);
  });
  await sendRegistrations(deps);
  expect(await outbox(id)).toMatchObject({ version: 2, acked_version: 1, next_at: 0 });
  listen("eu");
  expect(await tell()).toMatchObject([{ version: 2, enabled: { name: "Meanwhile" } }]);
});

test("two senders at once tell each thing once", async () => {
  const { id } = await made();
  told.length = 0;
  await Promise.all([sendRegistrations(deps), sendRegistrations(deps), sendRegistrations(deps)]);
  expect(told.filter(({ clientId }) => clientId === id)).toHaveLength(1);
});

test("a client that is nowhere else leaves nothing in the outbox", async () => {
  const { id: team } = await makeTeam();
  const { id } = await makeClient(team, "server", {}, { at });
  await patchClient(team, id, { name: "Home alone" }, { at });
  expect(await outbox(id)).toBeUndefined();
});
