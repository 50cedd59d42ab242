import {
  ChainVerifier,
  type ChainedEvent,
  type ChainFault,
  type ChainLink,
  type Sha256,
} from "./audit-chain.ts";

export type ExportFault =
  | ChainFault
  /** Not what an export looks like, or rewritten: spaces, other members, members twice. */
  | "layout"
  /** The end of the file is missing. */
  | "cut"
  /** The last event is not the one that the file says is its last. */
  | "head"
  /** The event that was noted earlier is another one here, or not here any more. */
  | "noted";

/** What an export was found to be; `line` counts from 1. */
export type ExportFinding =
  | {
      readonly ok: true;
      readonly team: string;
      readonly previous: ChainLink;
      readonly head: ChainLink;
      /** Whether the event that was noted earlier is before this excerpt, where nobody can look it up. */
      readonly notedIsBefore: boolean;
    }
  | {
      readonly ok: false;
      readonly fault: ExportFault;
      readonly line: number;
      /** The event at which it was found, as far as its line could be read. */
      readonly event: { readonly id: string; readonly number: number } | null;
      /** The number that should have come. */
      readonly expected: number | null;
    };

interface Opening {
  readonly report: { readonly type: string; readonly team: string };
  readonly previous: ChainLink;
  readonly head: ChainLink;
}

const OPENING_END = '"rows":[';
const CLOSING = "]}";

/**
 * Verifies an export of the audit trail, line by line, so that its size does not matter. The layout is part
 * of what is verified: a file that some other program has rewritten could show one thing and prove another.
 */
export class ExportVerifier {
  readonly #sha256: Sha256;
  readonly #noted: ChainLink | null;
  #opening: Opening | null = null;
  #chain: ChainVerifier | null = null;
  #line = 0;
  #isLast = false;
  #isClosed = false;
  #sawNoted = false;
  #fault: Extract<ExportFinding, { ok: false }> | null = null;

  /** @param noted a link that was seen earlier, such as the `head` of an earlier list or export */
  constructor(sha256: Sha256, noted: ChainLink | null = null) {
    this.#sha256 = sha256;
    this.#noted = noted;
  }

  /** Takes the next line, without its break; false: nothing further is of interest. */
  take(line: string): boolean {
    if (this.#fault !== null) return false;
    this.#line += 1;
    if (this.#opening === null) this.#open(line);
    else if (this.#isClosed) this.#fail("layout");
    else if (line === CLOSING) this.#isClosed = true;
    else this.#event(line);
    return this.#fault === null;
  }

  /** What it all came to, once there are no more lines. */
  finish(): ExportFinding {
    if (this.#fault !== null) return this.#fault;
    const opening = this.#opening;
    if (opening === null || this.#chain === null || !this.#isClosed) return this.#fail("cut");
    const { previous, head, report } = opening;
    if (this.#chain.head.number !== head.number || this.#chain.head.hash !== head.hash)
      return this.#fail("head");
    const noted = this.#noted;
    if (noted?.number === previous.number) this.#sawNoted = noted.hash === previous.hash;
    const notedIsBefore = noted !== null && noted.number < previous.number;
    if (noted !== null && !notedIsBefore && !this.#sawNoted) return this.#fail("noted");
    return { ok: true, team: report.team, previous, head, notedIsBefore };
  }

  #open(line: string): void {
    const opening = line.endsWith(OPENING_END) ? parsed(line + CLOSING) : null;
    if (!isOpening(opening)) {
      this.#fail("layout");
      return;
    }
    this.#opening = opening;
    this.#chain = new ChainVerifier(opening.report.team, opening.previous, this.#sha256);
  }

  #event(line: string): void {
    const isLast = !line.endsWith(",");
    const text = isLast ? line : line.slice(0, -1);
    const event = parsed(text);
    if (this.#isLast || !isChainedEvent(event)) {
      this.#fail("layout");
      return;
    }
    this.#isLast = isLast;
    const fault = this.#chain?.add(event) ?? null;
    const { number, hash } = event.chain;
    if (fault !== null) this.#fail(fault, { id: event.id, number });
    else if (this.#noted?.number === number) {
      this.#sawNoted = this.#noted.hash === hash;
      if (!this.#sawNoted) this.#fail("noted", { id: event.id, number });
    }
  }

  #fail(
    fault: ExportFault,
    event: { id: string; number: number } | null = null,
  ): Extract<ExportFinding, { ok: false }> {
    const expected = this.#chain === null ? null : this.#chain.head.number + 1;
    this.#fault ??= { ok: false, fault, line: this.#line, event, expected };
    return this.#fault;
  }
}

/** The JSON value of a text, if this is the text that JSON writes for it: then no member stands in it twice. */
function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value) === text ? value : null;
  } catch {
    return null;
  }
}

function isOpening(value: unknown): value is Opening {
  return (
    hasMembers(value, ["report", "previous", "head", "rows"]) &&
    isObject(value["report"]) &&
    value["report"]["type"] === "audit-trail" &&
    typeof value["report"]["team"] === "string" &&
    isLink(value["previous"]) &&
    isLink(value["head"])
  );
}

/** These members and no others: what the hash does not cover must not look as if it did. */
function isChainedEvent(value: unknown): value is ChainedEvent {
  return (
    hasMembers(value, ["id", "team", "at", "type", "actor", "subject", "ip", "detail", "chain"]) &&
    hasMembers(value["actor"], ["id", "owner"]) &&
    [value["id"], value["at"], value["type"], value["subject"]].every(isText) &&
    [value["actor"]["id"], value["actor"]["owner"]].every(isText) &&
    [value["team"], value["ip"]].every((text) => text === null || isText(text)) &&
    (value["detail"] === null || isObject(value["detail"])) &&
    isLink(value["chain"])
  );
}

function isLink(value: unknown): value is ChainLink {
  return (
    hasMembers(value, ["number", "hash"]) && Number.isSafeInteger(value["number"]) && isText(value["hash"])
  );
}

function hasMembers(value: unknown, names: readonly string[]): value is Readonly<Record<string, unknown>> {
  return isObject(value) && Object.keys(value).join() === names.join();
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
