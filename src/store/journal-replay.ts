import { and, isNull, sql, type SQL } from "drizzle-orm";
import {
  lastStates,
  type EndKind,
  type JournalEntry,
  type JournalledEnd,
  type StateKind,
} from "../domain/journal.ts";
import { commitCounting, type Database, type Statement } from "./database.ts";
import { raiseMark } from "./journal-mark.ts";
import { accessTokens, members, meta, roles, services, sessions, teams } from "./schema.ts";

/** How rows name who changed them. */
const JOURNAL = "journal";

/** One kind of row that may have come back, and what is done about it. */
interface Revival {
  /** Whether there is any such row whose cached copies must die; null: nobody caches them. */
  readonly cached: SQL | null;
  readonly statement: Statement;
}

/**
 * Ends again what these entries name, where it is alive, as one transaction; tells how many rows that
 * changed. What had come back may be in a cache by now: the feed then starts a new life, and every isolate
 * forgets all that it holds.
 */
export async function replayEntries(
  db: Database,
  { entries, from }: { entries: readonly JournalEntry[]; from: number },
): Promise<number> {
  const to = entries.at(-1)?.seq ?? from;
  const endedAt = endsIn(sql`json_each(${JSON.stringify(entries)})`);
  const revivals = [
    // Before memberships go: a team's members are signed out with it.
    revivedSessions(db, endedAt),
    revivedTokens(db, endedAt),
    revivedMembers(db, endedAt),
    revivedServices(db, endedAt),
    revivedInvitations(db, entries),
    revivedRole(db, entries),
    revivedPermissions(db, entries),
    revivedTeam(db, entries),
  ];
  const cached = revivals.map((revival) => revival.cached).filter((condition) => condition !== null);
  const [, ...ended] = await commitCounting(db, [
    db
      .update(meta)
      .set({ value: sql`lower(hex(randomblob(16)))` })
      .where(and(sql`${meta.key} = 'epoch'`, sql`(${sql.join(cached, sql` OR `)})`)),
    ...revivals.map(({ statement }) => statement),
    raiseMark(db, to),
  ]);
  return ended.slice(0, -1).reduce((sum, changes) => sum + changes, 0);
}

/** When the latest entry of a kind ended the thing of an id; null: none did. */
type EndedAt = (kind: EndKind, id: SQL) => SQL<number>;

function endsIn(journal: SQL): EndedAt {
  return (kind, id) =>
    sql<number>`(SELECT max(value->>'at') FROM ${journal} WHERE value->>'kind' = ${kind} AND value->>'id' = ${id})`;
}

/** An entry that names a token ends it whenever it was made; the others end what was there at that time. */
function revivedTokens(db: Database, endedAt: EndedAt): Revival {
  const { id, teamId, userId, createdBy, createdAt } = accessTokens;
  const at = sql<number>`coalesce(${endedAt("access_token", sql`${id}`)}, max(
    coalesce(${endedAt("team_credentials", sql`${teamId}`)}, 0),
    coalesce(${endedAt("user_credentials", sql`${userId}`)}, 0),
    coalesce(${endedAt("user_credentials", sql`${createdBy}`)}, 0),
    coalesce(${endedAt("member", sql`${teamId} || ':' || ${userId}`)}, 0)))`;
  const revived = sql`${isNull(accessTokens.revokedAt)} AND ${at} > 0 AND (${createdAt} <= ${at}
    OR ${endedAt("access_token", sql`${id}`)} IS NOT NULL)`;
  return {
    cached: sql`EXISTS (SELECT 1 FROM ${accessTokens} WHERE ${revived})`,
    statement: db.update(accessTokens).set({ revokedAt: at, revokedBy: JOURNAL }).where(revived),
  };
}

function revivedMembers(db: Database, endedAt: EndedAt): Revival {
  const { teamId, userId, createdAt } = members;
  const revived = sql`${createdAt} <= ${endedAt("member", sql`${teamId} || ':' || ${userId}`)}`;
  return {
    cached: sql`EXISTS (SELECT 1 FROM ${members} WHERE ${revived})`,
    statement: db.delete(members).where(revived),
  };
}

function revivedServices(db: Database, endedAt: EndedAt): Revival {
  const at = endedAt("service", sql`${services.id}`);
  const revived = sql`${services.deletedAt} IS NULL AND ${at} IS NOT NULL`;
  return {
    cached: sql`EXISTS (SELECT 1 FROM ${services} WHERE ${revived})`,
    statement: db.update(services).set({ deletedAt: at }).where(revived),
  };
}

/** Whoever is removed from a team is signed out everywhere, and so is each member of a team that loses all. */
function revivedSessions(db: Database, endedAt: EndedAt): Revival {
  const { id, userId, createdAt } = sessions;
  const ofTheirTeams = (kind: EndKind, named: SQL) =>
    sql<number>`(SELECT max(${endedAt(kind, named)}) FROM ${members} WHERE ${members.userId} = ${userId})`;
  const at = sql<number>`coalesce(${endedAt("session", sql`${id}`)}, max(
    coalesce(${endedAt("user_credentials", sql`${userId}`)}, 0),
    coalesce(${ofTheirTeams("team_credentials", sql`${members.teamId}`)}, 0),
    coalesce(${ofTheirTeams("member", sql`${members.teamId} || ':' || ${members.userId}`)}, 0)))`;
  const revived = sql`${sessions.endedAt} IS NULL AND ${createdAt} <= ${at}`;
  return { cached: null, statement: db.update(sessions).set({ endedAt: at }).where(revived) };
}

/** Invitations that were withdrawn or replaced: their links must lead nowhere. */
function revivedInvitations(db: Database, entries: readonly JournalledEnd[]): Revival {
  const states = statesOf(entries, "invitation");
  const revived = sql`EXISTS (SELECT 1 FROM ${states} WHERE ${members.id} = state.id AND ${members.version} < state.version)`;
  return {
    cached: sql`EXISTS (SELECT 1 FROM ${members} WHERE ${revived})`,
    statement: db.delete(members).where(revived),
  };
}

function revivedRole(db: Database, entries: readonly JournalledEnd[]): Revival {
  const states = statesOf(entries, "member_role");
  const older = sql`${members.id} = state.id AND ${members.version} < state.version`;
  return {
    cached: sql`EXISTS (SELECT 1 FROM ${members}, ${states} WHERE ${older})`,
    statement: db
      .update(members)
      .set({ role: sql`state.value`, version: sql`state.version`, changedBy: JOURNAL })
      .from(states)
      .where(older),
  };
}

function revivedPermissions(db: Database, entries: readonly JournalledEnd[]): Revival {
  const states = statesOf(entries, "role_permissions");
  const older = sql`${roles.id} = state.id AND ${roles.version} < state.version`;
  return {
    cached: sql`EXISTS (SELECT 1 FROM ${roles}, ${states} WHERE ${older})`,
    statement: db
      .update(roles)
      .set({ permissions: sql`state.value`, version: sql`state.version`, changedBy: JOURNAL })
      .from(states)
      .where(older),
  };
}

function revivedTeam(db: Database, entries: readonly JournalledEnd[]): Revival {
  const states = statesOf(entries, "team_status");
  const older = sql`${teams.id} = state.id AND ${teams.version} < state.version`;
  return {
    cached: sql`EXISTS (SELECT 1 FROM ${teams}, ${states} WHERE ${older})`,
    statement: db
      .update(teams)
      .set({ status: sql`state.value`, version: sql`state.version`, changedBy: JOURNAL })
      .from(states)
      .where(older),
  };
}

/** The last states of a kind as rows `state` of `id`, `version` and `value`. */
function statesOf(entries: readonly JournalledEnd[], kind: StateKind): SQL {
  return sql`(SELECT value->>'id' AS id, value->>'version' AS version, value->>'value' AS value
    FROM json_each(${JSON.stringify(lastStates(entries, kind))})) AS state`;
}
