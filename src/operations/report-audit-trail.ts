import { CHAIN_START, type ChainedEvent, type ChainLink } from "../domain/audit-chain.ts";
import { canonicalJson } from "../domain/canonical-json.ts";
import { findEnds, findLink, findNumber, readChain } from "../store/audit-events.ts";
import type { Database } from "../store/database.ts";
import type { ReportRow } from "../store/reports.ts";
import { chainedEventOf } from "./audit-event.ts";
import type { ReportSource } from "./report-source.ts";
import { sealAuditChain } from "./seal-audit-chain.ts";

/** The events that are still to come, by their numbers. */
interface Place {
  readonly next: number;
  readonly last: number;
}

const PAGE_EVENTS = 1_000;

/** An invocation has 1,000 queries (facts: platform, "D1"), and a round takes three. */
const SEAL_ROUNDS = 50;

/**
 * The chain of a team's audit events, or the excerpt of it that holds a period, with all that verifying it
 * elsewhere needs. It ends with the event of its own creation: a report cannot tell what comes after it.
 */
export const auditTrail: ReportSource<ChainedEvent, Place> = {
  columns: {
    number: ({ chain }) => chain.number,
    id: ({ id }) => id,
    at: ({ at }) => at,
    type: ({ type }) => type,
    actor: ({ actor }) => actor.id,
    actor_owner: ({ actor }) => actor.owner,
    subject: ({ subject }) => subject,
    ip: ({ ip }) => ip,
    detail: ({ detail }) => detail && canonicalJson(detail),
    hash: ({ chain }) => chain.hash,
  },

  begin: async ({ db }, report) => {
    await sealAuditChain({ db }, report.teamId, { maxRounds: SEAL_ROUNDS });
    const { previous, head } = await excerptOf(db, report);
    const total = head.number - previous.number;
    return {
      state: total === 0 ? null : { next: previous.number + 1, last: head.number },
      total,
      opening: { previous: { ...previous }, head: { ...head } },
    };
  },

  next: async ({ db }, { teamId }, { next, last }) => {
    const events = await readChain(db, { teamId, from: next, to: last, limit: PAGE_EVENTS });
    const reached = events.at(-1)?.chainNumber ?? last;
    return {
      rows: events.map(chainedEventOf),
      state: reached >= last ? null : { next: reached + 1, last },
      done: events.length,
    };
  },
};

/**
 * The link before the first event of the period and that of its last. Clocks differ a little between
 * isolates, so that events at the ends may lie just outside: an excerpt has no holes.
 * @throws when the report's own event has no place yet: then not everything before it has.
 */
async function excerptOf(
  db: Database,
  { teamId, period: { since, until }, createdEvent }: ReportRow,
): Promise<{ previous: ChainLink; head: ChainLink }> {
  const upTo = await findNumber(db, createdEvent);
  if (upTo == null) throw new Error("the audit chain is not sealed yet");
  const ends = await findEnds(db, { teamId, since, until, upTo });
  const { first, last } = ends ?? { first: upTo + 1, last: upTo };
  const previous = (await findLink(db, { teamId, number: first - 1 })) ?? CHAIN_START;
  const head = first > last ? previous : await findLink(db, { teamId, number: last });
  if (head === null) throw new Error("the audit chain has a gap");
  return { previous, head };
}
