import { call, expectAnswer, unique, type AnswerBody, type Sending } from "./support.ts";

export type Client = AnswerBody<"Client">["client"];
export type ClientType = Client["type"];

export const TYPES: readonly ClientType[] = ["browser", "server", "mobile", "device", "self"];

/** What each type needs, and no more. */
const LEAST: Readonly<Record<ClientType, object>> = {
  browser: { redirect_uris: ["https://browser.example/cb"] },
  server: { redirect_uris: ["https://server.example/cb"] },
  mobile: { redirect_uris: ["com.example.app:/cb"] },
  device: {},
  self: {},
};

export function clientsPath(team: string, id = "", rest = ""): string {
  return [`/v1/teams/${team}/clients`, id, rest].filter((part) => part !== "").join("/");
}

/** A body that registers a client of a type, with what the test wants of it; undefined leaves a member out. */
export function clientBody(type: ClientType, more: object = {}): object {
  return { type, name: unique("client"), ...LEAST[type], ...more };
}

export interface MadeClient {
  readonly client: Client;
  readonly id: string;
  readonly secret: string | null;
}

export async function makeClient(
  team: string,
  type: ClientType,
  more: object = {},
  sending: Sending = {},
): Promise<MadeClient> {
  const answer = await call("POST", clientsPath(team), { ...sending, body: clientBody(type, more) });
  const { client, client_secret: secret } = expectAnswer(answer, 201, "CreatedClient");
  return { client, id: client.id, secret };
}

export function patchClient(team: string, id: string, body: object, sending: Sending = {}) {
  return call("PATCH", clientsPath(team, id), { ...sending, body });
}

export function rotate(team: string, id: string, overlapSeconds = 0, sending: Sending = {}) {
  const body = { overlap_seconds: overlapSeconds };
  return call("POST", clientsPath(team, id, "secrets"), { ...sending, body });
}

export function makeGrantToken(team: string, id: string, more: object = {}, sending: Sending = {}) {
  const body = { scope: "EMM.Devices.VIEW", description: "for a test", ...more };
  return call("POST", clientsPath(team, id, "grant-tokens"), { ...sending, body });
}
