import { canonicalJson, type JsonValue } from "./canonical-json.ts";

/** An audit event as the API answers it and an export holds it; all of this is under the chain's hash. */
export interface AuditEvent {
  readonly id: string;
  /** Null for what belongs to no team. */
  readonly team: string | null;
  /** ISO 8601, UTC, with milliseconds. */
  readonly at: string;
  readonly type: string;
  readonly actor: { readonly id: string; readonly owner: string };
  readonly subject: string;
  readonly ip: string | null;
  readonly detail: { readonly [member: string]: JsonValue } | null;
}

/** An event's place in its chain, and the hash that ties it to every event before it. */
export interface ChainLink {
  /** From 1, without a gap. */
  readonly number: number;
  /** SHA-256, in hex. */
  readonly hash: string;
}

export interface ChainedEvent extends AuditEvent {
  readonly chain: ChainLink;
}

/** What stands before the first event of every chain. */
export const CHAIN_START: ChainLink = { number: 0, hash: "0".repeat(64) };

/** Hashes a text's UTF-8, in hex; the domain has no hash function of its own. */
export type Sha256 = (text: string) => string;

/** The link of the event that follows `previous`: over the hash before it, its number and all its content. */
export function nextLink(previous: ChainLink, event: AuditEvent, sha256: Sha256): ChainLink {
  const number = previous.number + 1;
  return { number, hash: sha256(`${previous.hash}\n${number}\n${canonicalJson(contentOf(event))}`) };
}

export type ChainFault =
  /** Numbers are missing before this one: events were dropped, or moved away from here. */
  | "gap"
  /** A number at or below the one before it: an event was moved, repeated or put in. */
  | "order"
  /** The content, the number or the hash is not what was sealed. */
  | "changed"
  /** An event of another chain. */
  | "foreign";

/**
 * Follows a chain, or an excerpt of it, event by event in memory for one.
 * It finds what was changed, dropped, moved or put in between the start and the last event that it is
 * given. It cannot know what came after that: compare its `head` with one that was noted elsewhere.
 */
export class ChainVerifier {
  readonly #team: string | null;
  readonly #sha256: Sha256;
  #head: ChainLink;

  /** @param previous the link before the first event; `CHAIN_START` for a whole chain */
  constructor(team: string | null, previous: ChainLink, sha256: Sha256) {
    this.#team = team;
    this.#head = previous;
    this.#sha256 = sha256;
  }

  /** The last event's link that held. */
  get head(): ChainLink {
    return this.#head;
  }

  /** Takes the next event; null when it holds. After a fault nothing more can be said. */
  add({ chain, ...event }: ChainedEvent): ChainFault | null {
    if (event.team !== this.#team) return "foreign";
    const expected = nextLink(this.#head, event, this.#sha256);
    if (chain.number > expected.number) return "gap";
    if (chain.number < expected.number) return "order";
    if (chain.hash !== expected.hash) return "changed";
    this.#head = expected;
    return null;
  }
}

/** Member by member, so that the hash covers these and a later version's further ones cannot slip in. */
function contentOf({ id, team, at, type, actor, subject, ip, detail }: AuditEvent): JsonValue {
  return { id, team, at, type, actor: { id: actor.id, owner: actor.owner }, subject, ip, detail };
}
