import type { Place } from "./arguments.ts";

/** How a move looks from one of its regions. */
export interface Move {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly state: string;
  readonly started_at: string;
  readonly rows: Readonly<Record<string, number>> | null;
  readonly sha256: string | null;
  readonly statement: string | null;
}

export interface Row {
  readonly key: string;
  readonly row: string;
}

export interface Page {
  readonly rows: readonly Row[];
  readonly until: string | null;
}

export interface Digest {
  readonly sha256: string;
}

export interface Invitations {
  readonly invitations: readonly { readonly email: string; readonly link: string }[];
  readonly next_cursor: string | null;
}

/** An answer that says no. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly status: number;

  constructor(status: number, description: string) {
    super(description);
    this.status = status;
  }
}

/** What a move asks of the world; given as an argument so that tests stand in for it. */
export interface MoveTools {
  readonly send: (url: string, init: RequestInit) => Promise<Response>;
  readonly wait: (milliseconds: number) => Promise<void>;
  readonly say: (line: string) => void;
}

/** A region that does not answer is asked again, for about half a minute. */
const PAUSES_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000];

/** One region's side of a move, by its operator's API. Every step of it may be asked for again. */
export class MovingRegion {
  readonly #place: Place;
  readonly #tools: MoveTools;

  constructor(place: Place, tools: MoveTools) {
    this.#place = place;
    this.#tools = tools;
  }

  begin(team: string, to: string): Promise<Move> {
    return this.#move("POST", `/v1/teams/${team}/moves`, { to });
  }

  /** The team's moves, the latest first. */
  async moves(team: string): Promise<readonly Move[]> {
    return (await this.#ask<{ moves: readonly Move[] }>("GET", `/v1/teams/${team}/moves`)).moves;
  }

  receive(move: Move, team: string, from: string): Promise<Move> {
    return this.#move("PUT", `/v1/moves/${move.id}`, { team, from, started_at: move.started_at });
  }

  show(id: string): Promise<Move> {
    return this.#move("GET", `/v1/moves/${id}`);
  }

  step(id: string, name: string, body: object = {}): Promise<Move> {
    return this.#move("POST", `/v1/moves/${id}/${name}`, body);
  }

  digest(id: string): Promise<Digest> {
    return this.#ask("GET", `/v1/moves/${id}/digest`);
  }

  read(id: string, kind: string, after: string, until: string | null): Promise<Page> {
    const range = new URLSearchParams({ kind, after, ...(until === null ? {} : { until }) });
    return this.#ask("GET", `/v1/moves/${id}/rows?${range.toString()}`);
  }

  async write(
    id: string,
    range: { kind: string; after: string; until: string | null },
    rows: readonly Row[],
  ): Promise<void> {
    await this.#ask("PUT", `/v1/moves/${id}/rows`, { ...range, rows });
  }

  async obstacles(id: string): Promise<readonly string[]> {
    return (await this.#ask<{ obstacles: readonly string[] }>("GET", `/v1/moves/${id}/obstacles`)).obstacles;
  }

  invitations(id: string, cursor: string): Promise<Invitations> {
    return this.#ask("POST", `/v1/moves/${id}/invitations?${new URLSearchParams({ cursor }).toString()}`);
  }

  async #move(method: string, path: string, body?: object): Promise<Move> {
    return (await this.#ask<{ move: Move }>(method, path, body)).move;
  }

  async #ask<T>(method: string, path: string, body?: object): Promise<T> {
    for (const pause of [...PAUSES_MS, null]) {
      const answer = await this.#send(method, path, body);
      if (answer !== null && answer.status < 500) return readAnswer<T>(answer);
      if (pause === null) break;
      this.#tools.say(`${this.#place.code} does not answer; asking again.`);
      await this.#tools.wait(pause);
    }
    throw new Refused(503, `${this.#place.url} does not answer. Run the same command again to go on.`);
  }

  async #send(method: string, path: string, body?: object): Promise<Response | null> {
    const { url, key } = this.#place;
    const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
    const sent = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    return this.#tools.send(url + path, sent).catch(() => null);
  }
}

async function readAnswer<T>(answer: Response): Promise<T> {
  const text = await answer.text();
  if (answer.ok) return JSON.parse(text) as T;
  throw new Refused(answer.status, descriptionIn(text) ?? `status ${answer.status}`);
}

function descriptionIn(text: string): string | null {
  try {
    const { error_description: description } = JSON.parse(text) as { error_description?: unknown };
    return typeof description === "string" ? description : null;
  } catch {
    return null;
  }
}
