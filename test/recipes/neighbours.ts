import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it arrived. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Neighbour {
  readonly port: number;
  /** What has arrived since the last look. */
  look(): Seen[];
  stop(): Promise<void>;
}

type Respond = (seen: Seen, response: ServerResponse) => Promise<void> | void;

async function listen(respond: Respond): Promise<Neighbour> {
  let seen: Seen[] = [];
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const { method = "", url = "", headers } = request;
      const arrived = { method, url, headers, body: await readAll(request) };
      seen.push(arrived);
      await respond(arrived, response);
    };
    answer().catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    look: () => {
      const looked = seen;
      seen = [];
      return looked;
    },
    stop: async () => {
      server.close().closeAllConnections();
      await once(server, "close");
    },
  };
}

async function readAll(request: IncomingMessage): Promise<string> {
  let text = "";
  request.setEncoding("utf8");
  for await (const chunk of request) text += chunk as string;
  return text;
}

/** The API that a proxy protects. It believes everybody who reaches it, and has a refusal of its own. */
export function startApi(): Promise<Neighbour> {
  return listen(({ url }, response) => {
    const refuses = url.includes("own=refusal");
    response.writeHead(refuses ? 403 : 200, { "Content-Type": "application/json", "X-Api": "here" });
    response.end(JSON.stringify({ api: refuses ? "no" : "yes" }));
  });
}

/** Headers of one connection, or of a body as it travels on it, are not for the next. */
const ABOUT_CONNECTION = ["host", "connection", "accept-encoding", "content-encoding", "content-length"];

function isAboutMessage([name]: readonly [name: string, value: string]): boolean {
  return !ABOUT_CONNECTION.includes(name) && name !== "transfer-encoding";
}

export interface Tap extends Neighbour {
  /** Answers with this status instead, as Jeton's fault; null: passes everything on again. */
  answer(status: number | null): void;
}

/** Stands between a proxy and Jeton, and notes what the proxy asks. */
export async function tapJeton(url: string): Promise<Tap> {
  let instead: number | null = null;
  const neighbour = await listen(async (seen, response) => {
    if (instead !== null) {
      response.writeHead(instead, { "Content-Type": "application/json" });
      response.end('{"error_code":"COM0004"}');
      return;
    }
    const headers = Object.entries(seen.headers).map(([name, value]) => [name, String(value)] as const);
    const asked = await fetch(url + seen.url, {
      method: seen.method,
      headers: headers.filter(isAboutMessage),
    });
    response.writeHead(asked.status, [...asked.headers].filter(isAboutMessage).flat());
    response.end(await asked.text());
  });
  return {
    ...neighbour,
    answer: (status) => {
      instead = status;
    },
  };
}
