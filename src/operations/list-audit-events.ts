import type { AuditEvent, ChainLink } from "../domain/audit-chain.ts";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import {
  endOfScan,
  findPlace,
  listAuditEvents as listRows,
  readChainHead,
  type AuditFilter,
} from "../store/audit-events.ts";
import { findTeam } from "../store/teams.ts";
import { listedEventOf } from "./audit-event.ts";
import type { Deps } from "./deps.ts";
import { readPage, type Page, type PageRequest } from "./page.ts";
import { sealAuditChain } from "./seal-audit-chain.ts";

export type { AuditFilter } from "../store/audit-events.ts";

/** Rounds before a list is answered: after a flood its last events are listed without their links. */
const SEAL_ROUNDS = 6;

export interface ListedEvents extends Page<AuditEvent & { readonly chain: ChainLink | null }> {
  /** The chain's last link: who notes it can later tell whether anything up to it was changed or dropped. */
  readonly head: ChainLink | null;
}

/**
 * A team's audit events, newest first, sealed before they are answered. A page can have fewer events than
 * asked for, even none, and yet a next cursor: one read looks only so far back for what passes the filter.
 * @param teamId null: what belongs to no team
 */
export async function listAuditEvents(
  deps: Deps,
  teamId: string | null,
  { page, filter }: { page: PageRequest; filter: AuditFilter },
): Promise<Result<ListedEvents, Refusal>> {
  const { db } = deps;
  if (teamId !== null && (await findTeam(db, teamId)) === undefined)
    return err({ kind: "not_found", noun: "team" });
  const before = page.cursor === null ? null : await findPlace(db, { teamId, id: page.cursor });
  if (before === undefined) return err({ kind: "bad_page", parameter: "cursor" });
  await sealAuditChain(deps, teamId, { maxRounds: SEAL_ROUNDS });
  const found = await readPage(page, ({ limit }) => listRows(db, { teamId, limit, before, filter }));
  const nextCursor = found.nextCursor ?? (await endOfScan(db, { teamId, before })) ?? null;
  const head = await readChainHead(db, teamId);
  return ok({ entries: found.entries.map(listedEventOf), nextCursor, head });
}
