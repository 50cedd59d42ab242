import { Webhook } from "standardwebhooks";
import { vi } from "vitest";
import { unique } from "../support.ts";

/** What arrived, once the independent library has verified it. */
export interface Receipt {
  readonly id: string;
  readonly at: number;
  readonly body: string;
  readonly event: {
    readonly id: string;
    readonly type: string;
    readonly team: string;
    readonly region: string;
    readonly created_at: string;
    readonly data: Readonly<Record<string, unknown>>;
  };
}

type Answer = () => Response | Promise<Response>;

/** Somebody's endpoint: keeps what arrives, verified, and answers as a test likes. */
export class Receiver {
  readonly url: string;
  /** Any of these verifies. */
  secrets: string[] = [];
  readonly receipts: Receipt[] = [];
  readonly requests: Request[] = [];
  answer: Answer = () => new Response(null, { status: 204 });

  constructor(url = `https://${unique("hooks")}.example.com/jeton`) {
    this.url = url;
  }

  async take(request: Request): Promise<Response> {
    this.requests.push(request.clone());
    const body = await request.text();
    const headers = Object.fromEntries(request.headers);
    // What does not verify is refused, and so it never counts as a receipt.
    if (!this.secrets.some((secret) => verify(secret, body, headers))) {
      return new Response("no secret verifies this", { status: 401 });
    }
    const event = JSON.parse(body) as Receipt["event"];
    this.receipts.push({ id: request.headers.get("webhook-id") ?? "", at: Date.now(), body, event });
    return this.answer();
  }

  get subjects(): string[] {
    return this.receipts.map(({ event }) => String(event.data["id"]));
  }

  get sequences(): number[] {
    return this.receipts.map(({ event }) => Number(event.data["sequence"]));
  }
}

export function verify(secret: string, body: string, headers: Record<string, string>): boolean {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}

/** Lets these receivers answer whoever calls out; everything else out there is silent. */
export function openWorld(...receivers: readonly Receiver[]): void {
  vi.stubGlobal("fetch", async (request: Request) => {
    const receiver = receivers.find(({ url }) => url === request.url);
    if (receiver === undefined) throw new Error("unreachable");
    const response = await receiver.take(request);
    const location = response.headers.get("Location");
    // As the platform does it, for whoever does not ask otherwise.
    return location === null || request.redirect !== "follow" ? response : fetch(new Request(location));
  });
}
