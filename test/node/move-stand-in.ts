import type { MoveTools } from "../../scripts/move/region.ts";

interface Trouble {
  readonly times: number;
  readonly path: RegExp;
  /** Null: no answer at all. */
  readonly make: () => Response | null;
}

type States = Record<string, string>;

/** Where a step of a move leads. */
const LEADS: Readonly<Record<string, string>> = {
  "hand-over": "handed_over",
  take: "taken",
  confirm: "confirmed",
  cancel: "cancelled",
  decline: "declined",
};

const PAGE = 2;

const SAID = new Set(["handed_over", "taken", "declined"]);

/** Two regions that only know how far a move is, as `move-team` meets them; what they were asked is there to look at. */
export class StandIn implements MoveTools {
  /** Of the kind `team_tokens`; two of them are a page. */
  rows: string[] = [];
  obstacles: string[] = [];
  /** E-mail addresses of those who are invited, by page. */
  invited: string[][] = [];
  /** How many times the two sides are found to differ. */
  differs = 0;
  /** At which step. */
  differing = "hand-over";
  countsDiffer = false;
  trouble: Trouble | null = null;

  written: { after: string; until: string | null; keys: string[] }[] = [];
  asked: string[] = [];
  readonly keys: string[] = [];
  readonly waited: number[] = [];
  readonly said: string[] = [];
  readonly statements: Record<string, unknown> = {};
  /** Of each move that a region knows; that of the way back has another id. */
  readonly #moves = new Map<string, States>();

  /** Where each region has the move from us to eu. */
  get states(): States {
    return this.#statesOf("mov_1");
  }

  readonly wait = async (milliseconds: number): Promise<void> => {
    this.waited.push(milliseconds);
  };

  readonly say = (line: string): void => {
    this.said.push(line);
  };

  readonly send = async (url: string, init: RequestInit): Promise<Response> => {
    const { host, pathname, searchParams } = new URL(url);
    const method = init.method ?? "";
    this.asked.push(`${method} ${host}${pathname}`);
    this.keys.push(`${host} ${new Headers(init.headers).get("Authorization")}`);
    const { trouble } = this;
    if (trouble !== null && trouble.times > 0 && trouble.path.test(pathname)) {
      this.trouble = { ...trouble, times: trouble.times - 1 };
      const answer = trouble.make();
      if (answer === null) throw new TypeError("fetch failed");
      return answer;
    }
    const body: Record<string, unknown> = typeof init.body === "string" ? JSON.parse(init.body) : {};
    return this.#answer({ method, code: host.slice(0, 2), pathname, query: searchParams, body });
  };

  #answer(call: {
    method: string;
    code: string;
    pathname: string;
    query: URLSearchParams;
    body: Record<string, unknown>;
  }): Response {
    const { method, code, pathname, query, body } = call;
    const [, , , id = "", step = ""] = pathname.split("/");
    const own = code === "us" ? "mov_1" : "mov_2";
    if (step === "moves") return method === "POST" ? this.#begin(code, own) : this.#list(code, own);
    const states = this.#statesOf(id);
    if (step === "" && method === "PUT") {
      states[code] ??= "receiving";
      return this.#show(code, id);
    }
    if (step === "" || states[code] === undefined) return this.#show(code, id);
    if (step === "rows" && method === "GET") return Response.json(this.#page(query));
    if (step === "rows") return this.#keep(body);
    if (step === "digest") return Response.json({ sha256: "a".repeat(64) });
    if (step === "obstacles") return Response.json({ obstacles: this.obstacles });
    if (step === "invitations") return this.#invite(query);
    if (step === this.differing && this.differs > 0) {
      this.differs -= 1;
      return Response.json({ error_description: "They differ." }, { status: 409 });
    }
    if ("statement" in body) this.statements[step] = body["statement"];
    const next = LEADS[step];
    if (next !== undefined) states[code] = next;
    return this.#show(code, id);
  }

  #begin(code: string, id: string): Response {
    this.#statesOf(id)[code] ??= "copying";
    return this.#show(code, id);
  }

  #list(code: string, id: string): Response {
    return Response.json({ moves: this.#statesOf(id)[code] === undefined ? [] : [this.#move(code, id)] });
  }

  #show(code: string, id: string): Response {
    if (this.#statesOf(id)[code] !== undefined) return Response.json({ move: this.#move(code, id) });
    return Response.json({ error_description: "No such move." }, { status: 404 });
  }

  #move(code: string, id: string): object {
    const state = this.#statesOf(id)[code] ?? "";
    const [from, to] = id === "mov_1" ? ["us", "eu"] : ["eu", "us"];
    const rows = { team: 1, roles: 0, team_tokens: this.countsDiffer && code === "eu" ? 2 : 3 };
    const statement = SAID.has(state) ? `${code} says ${state}` : null;
    const sha256 = "a".repeat(64);
    return { id, from, to, state, started_at: "2026-01-01T00:00:00Z", rows, sha256, statement };
  }

  /** As a region answers: up to `until`, unless a page is full before. */
  #page(query: URLSearchParams): object {
    const after = query.get("after") ?? "";
    const wanted = query.get("until");
    const all = query.get("kind") === "team_tokens" ? this.rows : [];
    const found = all.filter((key) => key > after && (wanted === null || key <= wanted));
    const rows = found.slice(0, PAGE).map((key) => ({ key, row: `["${key}"]` }));
    return { rows, until: rows.length < PAGE ? wanted : (rows.at(-1)?.key ?? null) };
  }

  #keep(body: Record<string, unknown>): Response {
    const { kind, after, until, rows } = body as {
      kind: string;
      after: string;
      until: string | null;
      rows: { key: string }[];
    };
    if (kind === "team_tokens" && rows.length > 0) {
      this.written.push({ after, until, keys: rows.map(({ key }) => key) });
    }
    return Response.json({ move: {} });
  }

  #invite(query: URLSearchParams): Response {
    const place = Number(query.get("cursor") ?? "");
    const invitations = (this.invited[place] ?? []).map((email) => ({
      email,
      link: `https://eu.test/invitations/${email}`,
    }));
    return Response.json({
      invitations,
      next_cursor: place + 1 < this.invited.length ? String(place + 1) : null,
    });
  }

  #statesOf(id: string): States {
    const states = this.#moves.get(id) ?? {};
    this.#moves.set(id, states);
    return states;
  }
}
