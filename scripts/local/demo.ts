import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { Trouble } from "./trouble.ts";

/** What the first start creates, so that there is something to sign in to and to check. */
export interface Demo {
  readonly team: string;
  readonly email: string;
  readonly password: string;
  /** Shown once, like every secret; kept here because each start shows a command that needs it. */
  readonly serviceKey: string;
  readonly token: string;
  /** A device of the example device API. */
  readonly device: string;
}

/** Where the demo is created. */
export interface DemoAddresses {
  readonly jeton: string;
  readonly deviceApi: string;
}

/** The question that the ready-made command asks. */
export const DEMO_QUESTION = "EMM.DeviceCommands.LOCK";

const TEAM = { name: "Demo", slug: "demo" };
const SIGN_IN = { email: "demo@jeton.example", password: "jeton-demo" };
const SERVICE = { name: "Demo API" };
const TOKEN = { name: "Demo token", permissions: ["EMM.Devices.VIEW", DEMO_QUESTION] };
const ENROLLER = {
  name: "Enrols the demo device",
  permissions: ["EMM.Devices.VIEW", "EMM.EnrolmentTokens.MANAGE"],
  expires_in: 600,
};
const DEVICE = { name: "Till 1", platform: "android", model: "Demo", serial: "DEMO-1" };

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Creates the demo through the API as any operator would, once: `file` tells what there is. Each step is
 * noted there as it is done, so that a start which was cut short is taken up by the next one.
 * @throws {Trouble} when the file is not what was written to it, or the API refuses.
 */
export async function seedDemo(
  { jeton: url, deviceApi }: DemoAddresses,
  operatorKey: string,
  file: string,
): Promise<Demo> {
  let demo: Partial<Demo> = readDemo(file);
  const note = (step: Partial<Demo>): void => {
    demo = { ...demo, ...step };
    // Whole or not at all: a file cut short could not be read again.
    writeFileSync(`${file}.new`, `${JSON.stringify(demo, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  };
  const post = (path: string, body: unknown): Promise<Answer> => call(url, operatorKey, "POST", path, body);

  if (demo.team === undefined) {
    const { status, body } = await post("/v1/teams", { ...TEAM, owner: SIGN_IN });
    const team = status === 409 ? await findTeam(url, operatorKey) : created({ status, body }, "team", "id");
    note({ team, ...SIGN_IN });
  }
  if (demo.serviceKey === undefined) {
    note({ serviceKey: created(await post("/v1/services", SERVICE), "key") });
  }
  if (demo.token === undefined) {
    note({ token: created(await post(`/v1/teams/${demo.team}/access-tokens`, TOKEN), "token") });
  }
  if (demo.device === undefined) {
    const tokens = `/v1/teams/${demo.team}/access-tokens`;
    const made = await post(tokens, ENROLLER);
    const device = await enrolDevice(`${deviceApi}/teams/${demo.team}`, created(made, "token"));
    await post(`${tokens}/${created(made, "access_token", "id")}/revoke`, {});
    note({ device });
  }
  return demo as Demo;
}

function readDemo(file: string): Partial<Demo> {
  if (!existsSync(file)) return {};
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Partial<Demo>;
  } catch {
    throw new Trouble(`${file} cannot be read. Remove it: the demo is then created again.`);
  }
}

/** The demo's team, which a start that was cut short created without being able to note it. */
async function findTeam(url: string, operatorKey: string): Promise<string> {
  let cursor: string | null = null;
  do {
    const page: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const { body } = await call(url, operatorKey, "GET", `/v1/teams?limit=100${page}`);
    const { teams, next_cursor: next } = body as {
      readonly teams: readonly { readonly id: string; readonly slug: string }[];
      readonly next_cursor: string | null;
    };
    const found = teams.find(({ slug }) => slug === TEAM.slug);
    if (found !== undefined) return found.id;
    cursor = next;
  } while (cursor !== null);
  throw new Trouble(`The demo team cannot be created: its name or ${SIGN_IN.email} is taken.`);
}

/** Enrols the demo's device, as whoever manages devices does: by an enrolment token, unless it is there. */
async function enrolDevice(url: string, token: string): Promise<string> {
  const { body } = await call(url, token, "GET", "/devices");
  const { devices } = body as {
    readonly devices: readonly { readonly id: string; readonly serial: string }[];
  };
  const there = devices.find(({ serial }) => serial === DEVICE.serial);
  if (there !== undefined) return there.id;
  const secret = created(await call(url, token, "POST", "/enrolment-tokens", { name: "Demo" }), "secret");
  const enrolled = await call(url, token, "POST", "/devices", { ...DEVICE, enrolment_token: secret });
  return created(enrolled, "device", "id");
}

/** A text in the answer to a creation, by the members that lead to it. */
function created({ status, body }: Answer, ...members: readonly string[]): string {
  const value = members.reduce<unknown>(
    (at, member) => (at as Partial<Record<string, unknown>>)?.[member],
    body,
  );
  if (status === 201 && typeof value === "string") return value;
  throw new Trouble(`The demo cannot be created: ${status} ${JSON.stringify(body)}`);
}

/** What stands against the demo's token by now; null: nothing. */
export async function checkDemo(url: string, { serviceKey, token }: Demo): Promise<string | null> {
  const { status, body } = await call(url, serviceKey, "POST", "/v1/check", demoQuestion(token));
  const {
    allowed,
    reason,
    error_description: description,
  } = body as {
    readonly allowed?: boolean;
    readonly reason?: string;
    readonly error_description?: string;
  };
  if (status !== 200) return description ?? String(status);
  return allowed === true ? null : (reason ?? "refused");
}

/** The same as one line for a shell. */
export function demoCommand(url: string, { serviceKey, token }: Demo): string {
  const headers = [`Authorization: Bearer ${serviceKey}`, "Content-Type: application/json"];
  const options = headers.map((header) => `-H '${header}'`).join(" ");
  return `curl -s ${url}/v1/check ${options} -d '${JSON.stringify(demoQuestion(token))}'`;
}

/** A call of the device API that the demo's token may make, as one line for a shell. */
export function lockCommand(deviceApi: string, { team, device, token }: Demo): string {
  return `curl -s ${deviceApi}/teams/${team}/devices/${device}/commands/lock -H 'Authorization: Bearer ${token}' -d '{}'`;
}

function demoQuestion(token: string) {
  return { token, permissions: [DEMO_QUESTION] };
}

async function call(
  url: string,
  credential: string,
  method: "GET" | "POST",
  path: string,
  body?: unknown,
): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { Authorization: `Bearer ${credential}`, "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}
