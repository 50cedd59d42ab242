import { and, inArray, isNull, sql, type SQL, type SQLWrapper } from "drizzle-orm";
import { CLIENT_TYPE_RULES, CLIENT_TYPES } from "../domain/client.ts";
import {
  lastStates,
  type EndKind,
  type JournalEntry,
  type JournalledEnd,
  type StateKind,
} from "../domain/journal.ts";
import { commitCounting, type Database } from "./database.ts";
import { endGrants } from "./end-grants.ts";
import { raiseMark, restoredBelow } from "./journal-mark.ts";
import type { Revival } from "./revival.ts";
import { revivedPlace } from "./revived-place.ts";
import {
  accessTokens,
  clients,
  clientSecrets,
  consents,
  deviceCodes,
  enhanceTokens,
  grants,
  grantTokens,
  members,
  meta,
  passkeys,
  pushedRequests,
  recoveryCodes,
  refreshTokens,
  resetLinks,
  roles,
  services,
  sessions,
  signInSteps,
  ssoConnections,
  ssoIdentities,
  teams,
  users,
} from "./schema.ts";

/** How rows name who changed them. */
const JOURNAL = "journal";

/**
 * Ends again what these entries name, where it is alive, as one transaction; tells how many rows that
 * changed. What had come back may be in a cache by now: the feed then starts a new life, and every isolate
 * forgets all that it holds.
 * @param known how many entries the database is known to have known once; if by now it knows fewer, it was restored
 */
export async function replayEntries(
  db: Database,
  { entries, from, known }: { entries: readonly JournalEntry[]; from: number; known: number },
): Promise<number> {
  const to = entries.at(-1)?.seq ?? from;
  const journal = sql`json_each(${JSON.stringify(entries)})`;
  const endedAt = endsIn(journal);
  const at = Math.max(...entries.map((entry) => entry.at));
  const revivals = [
    // Before clients and memberships go.
    revivedGrants(db, journal, at),
    revivedConsents(db, journal),
    revivedSecrets(db, journal),
    revivedClients(db, journal, at),
    ...(known > from ? [usedUpAgain(db, known, at)] : []),
    // Before memberships go: a team's members are signed out with it.
    revivedSessions(db, endedAt),
    revivedTokens(db, endedAt),
    revivedMembers(db, endedAt),
    revivedServices(db, endedAt),
    revivedSso(db, journal, at),
    ...revivedSignIns(db, journal, endedAt),
    revivedInvitations(db, entries),
    revivedRole(db, entries),
    revivedPermissions(db, entries),
    revivedTeam(db, entries),
    revivedPlace(db, statesOf(entries, "team_place"), JOURNAL),
  ];
  const cached = revivals.map((revival) => revival.cached).filter((condition) => condition !== null);
  const [, ...ended] = await commitCounting(db, [
    db
      .update(meta)
      .set({ value: sql`lower(hex(randomblob(16)))` })
      .where(and(sql`${meta.key} = 'epoch'`, sql`(${sql.join(cached, sql` OR `)})`)),
    ...revivals.flatMap(({ statements }) => statements),
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
    statements: [db.update(accessTokens).set({ revokedAt: at, revokedBy: JOURNAL }).where(revived)],
  };
}

/** As tokens: an entry that names a grant or its client, or one that ends what was there at that time. */
function revivedGrants(db: Database, journal: SQL, at: number): Revival {
  const { id, clientId, createdAt } = grants;
  const revived = sql`(${id} IN ${idsIn(journal, "grant")} OR ${clientId} IN ${idsIn(journal, "client")}
    OR ${endedTogether(journal, grants, createdAt)})`;
  return {
    cached: sql`EXISTS (SELECT 1 FROM ${grants} WHERE ${grants.revokedAt} IS NULL AND ${revived})`,
    statements: endGrants(db, { where: revived, at, auditId: JOURNAL, reason: "revoked" }),
  };
}

function revivedConsents(db: Database, journal: SQL): Revival {
  const revived = sql`(${consents.clientId} IN ${idsIn(journal, "client")}
    OR ${endedTogether(journal, consents, consents.updatedAt)})`;
  return { cached: null, statements: [db.delete(consents).where(revived)] };
}

/** A secret that a rotation ended holds no longer than it would have. */
function revivedSecrets(db: Database, journal: SQL): Revival {
  const { hash, expiresAt } = clientSecrets;
  const at = endsIn(journal)("client_secret", sql`${hash}`);
  const revived = sql`${hash} IN ${idsIn(journal, "client_secret")} AND (${expiresAt} IS NULL OR ${expiresAt} > ${at})`;
  // Everything of a team was revoked, its clients' secrets too.
  const teamOf = sql`(SELECT ${clients.teamId} FROM ${clients} WHERE ${clients.id} = ${clientSecrets.clientId})`;
  const teamEndedAt = endsIn(journal)("team_credentials", teamOf);
  return {
    cached: null,
    statements: [
      db.update(clientSecrets).set({ expiresAt: at }).where(revived),
      db.delete(clientSecrets).where(sql`${clientSecrets.createdAt} <= ${teamEndedAt}`),
    ],
  };
}

function revivedClients(db: Database, journal: SQL, at: number): Revival {
  const ended = idsIn(journal, "client");
  const givenToThem = sql`${accessTokens.revokedAt} IS NULL AND ${accessTokens.clientId} IN ${ended}`;
  return {
    cached: sql`EXISTS (SELECT 1 FROM ${accessTokens} WHERE ${givenToThem})`,
    statements: [
      db
        .update(clients)
        .set({
          deletedAt: at,
          version: sql`${clients.version} + 1`,
          changedBy: JOURNAL,
          // One of another region may have been enabled again since: its home tells it anew.
          registeredVersion: sql`CASE WHEN ${clients.homeRegion} IS NULL THEN NULL ELSE 0 END`,
        })
        .where(sql`${clients.deletedAt} IS NULL AND ${clients.id} IN ${ended}`),
      db.delete(clientSecrets).where(sql`${clientSecrets.clientId} IN ${ended}`),
      db.update(accessTokens).set({ revokedAt: at, revokedBy: JOURNAL }).where(givenToThem),
    ],
  };
}

/** The ids that entries of a kind name; as a list, so that an index leads to the few rows among many. */
function idsIn(journal: SQL, kind: EndKind): SQL {
  return sql`(SELECT value->>'id' FROM ${journal} WHERE value->>'kind' = ${kind})`;
}

/** Whether what acts for a person in a team was ended with all else of the team, the person or their place in it. */
function endedTogether(
  journal: SQL,
  { teamId, userId, clientId }: Readonly<Record<"teamId" | "userId" | "clientId", SQLWrapper>>,
  since: SQLWrapper,
): SQL {
  const endedAt = endsIn(journal);
  const whoDisconnected = sql`(SELECT substr(value->>'id', 1, instr(value->>'id', ':') - 1) FROM ${journal}
    WHERE value->>'kind' = 'consent')`;
  const placesOf = sql`(SELECT substr(value->>'id', instr(value->>'id', ':') + 1) FROM ${journal}
    WHERE value->>'kind' = 'member')`;
  return sql`(${teamId} IN ${idsIn(journal, "team_credentials")}
      AND ${since} <= ${endedAt("team_credentials", sql`${teamId}`)}
    OR ${userId} IN ${idsIn(journal, "user_credentials")}
      AND ${since} <= ${endedAt("user_credentials", sql`${userId}`)}
    OR ${userId} IN ${placesOf} AND ${since} <= ${endedAt("member", sql`${teamId} || ':' || ${userId}`)}
    OR ${userId} IN ${whoDisconnected}
      AND ${since} <= ${endedAt("consent", sql`${userId} || ':' || ${clientId} || ':' || ${teamId}`)})`;
}

/**
 * What is used once and was used after the moment to which the database was restored is unused there again, and
 * a refresh token of a public client that was rotated since then holds again: whoever kept a copy could use it
 * a second time. Which ones those are, nobody has written down, so all of them end; codes are asked for again
 * within minutes, and users of public clients sign in once more.
 */
function usedUpAgain(db: Database, known: number, at: number): Revival {
  const restored = restoredBelow(known);
  const isPublic = sql`${grants.clientId} IN (SELECT id FROM ${clients} WHERE ${inArray(clients.type, PUBLIC_TYPES)})`;
  const hasRefreshToken = sql`EXISTS (SELECT 1 FROM ${refreshTokens} WHERE ${refreshTokens.grantId} = ${grants.id})`;
  return {
    cached: restored,
    statements: [
      db
        .update(grantTokens)
        .set({ usedAt: at, usedBy: JOURNAL })
        .where(and(isNull(grantTokens.usedAt), restored)),
      db
        .update(deviceCodes)
        .set({ status: "used", usedAt: at, changedBy: JOURNAL })
        .where(and(isNull(deviceCodes.usedAt), restored)),
      db
        .update(enhanceTokens)
        .set({ usedAt: at, usedBy: JOURNAL })
        .where(and(isNull(enhanceTokens.usedAt), restored)),
      db
        .update(pushedRequests)
        .set({ usedAt: at })
        .where(and(isNull(pushedRequests.usedAt), restored)),
      db.delete(signInSteps).where(restored),
      db.delete(resetLinks).where(restored),
      ...endGrants(db, {
        where: sql`${isPublic} AND ${hasRefreshToken} AND ${restored}`,
        at,
        auditId: JOURNAL,
        reason: "revoked",
      }),
    ],
  };
}

const PUBLIC_TYPES = CLIENT_TYPES.filter((type) => !CLIENT_TYPE_RULES[type].confidential);

function revivedMembers(db: Database, endedAt: EndedAt): Revival {
  const { teamId, userId, createdAt } = members;
  const revived = sql`${createdAt} <= ${endedAt("member", sql`${teamId} || ':' || ${userId}`)}`;
  return {
    cached: sql`EXISTS (SELECT 1 FROM ${members} WHERE ${revived})`,
    statements: [db.delete(members).where(revived)],
  };
}

function revivedServices(db: Database, endedAt: EndedAt): Revival {
  const at = endedAt("service", sql`${services.id}`);
  const revived = sql`${services.deletedAt} IS NULL AND ${at} IS NOT NULL`;
  return {
    cached: sql`EXISTS (SELECT 1 FROM ${services} WHERE ${revived})`,
    statements: [db.update(services).set({ deletedAt: at }).where(revived)],
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
  return { cached: null, statements: [db.update(sessions).set({ endedAt: at }).where(revived)] };
}

/** Identity providers that vouch for nobody any more, with the sessions that they let in. */
function revivedSso(db: Database, journal: SQL, at: number): Revival {
  const ended = idsIn(journal, "sso_connection");
  return {
    cached: null,
    statements: [
      db
        .update(sessions)
        .set({ endedAt: at })
        .where(sql`${sessions.endedAt} IS NULL AND ${sessions.ssoConnectionId} IN ${ended}`),
      db.delete(ssoIdentities).where(sql`${ssoIdentities.connectionId} IN ${ended}`),
      db.delete(ssoConnections).where(sql`${ssoConnections.id} IN ${ended}`),
    ],
  };
}

/** By what people signed in before they changed it: to find that out may have been the reason for the change. */
function revivedSignIns(db: Database, journal: SQL, endedAt: EndedAt): Revival[] {
  const { id, passwordHash, passwordSetAt, createdAt } = users;
  const old = sql`${id} IN ${idsIn(journal, "password")} AND ${passwordHash} IS NOT NULL
    AND coalesce(${passwordSetAt}, ${createdAt}) < ${endedAt("password", sql`${id}`)}`;
  return [
    db.update(users).set({ passwordHash: null }).where(old),
    // Used since then, or in vain once the password was set otherwise.
    db
      .delete(resetLinks)
      .where(sql`${resetLinks.createdAt} <= ${endedAt("password", sql`${resetLinks.userId}`)}`),
    db.delete(passkeys).where(sql`${passkeys.id} IN ${idsIn(journal, "passkey")}`),
    db.delete(recoveryCodes).where(sql`${recoveryCodes.hash} IN ${idsIn(journal, "recovery_code")}`),
  ].map((statement) => ({ cached: null, statements: [statement] }));
}

/** Invitations that were withdrawn or replaced: their links must lead nowhere. */
function revivedInvitations(db: Database, entries: readonly JournalledEnd[]): Revival {
  const states = statesOf(entries, "invitation");
  const revived = sql`EXISTS (SELECT 1 FROM ${states} WHERE ${members.id} = state.id AND ${members.version} < state.version)`;
  return {
    cached: sql`EXISTS (SELECT 1 FROM ${members} WHERE ${revived})`,
    statements: [db.delete(members).where(revived)],
  };
}

function revivedRole(db: Database, entries: readonly JournalledEnd[]): Revival {
  const states = statesOf(entries, "member_role");
  const older = sql`${members.id} = state.id AND ${members.version} < state.version`;
  return {
    cached: sql`EXISTS (SELECT 1 FROM ${members}, ${states} WHERE ${older})`,
    statements: [
      db
        .update(members)
        .set({ role: sql`state.value`, version: sql`state.version`, changedBy: JOURNAL })
        .from(states)
        .where(older),
    ],
  };
}

function revivedPermissions(db: Database, entries: readonly JournalledEnd[]): Revival {
  const states = statesOf(entries, "role_permissions");
  const older = sql`${roles.id} = state.id AND ${roles.version} < state.version`;
  return {
    cached: sql`EXISTS (SELECT 1 FROM ${roles}, ${states} WHERE ${older})`,
    statements: [
      db
        .update(roles)
        .set({ permissions: sql`state.value`, version: sql`state.version`, changedBy: JOURNAL })
        .from(states)
        .where(older),
    ],
  };
}

function revivedTeam(db: Database, entries: readonly JournalledEnd[]): Revival {
  const states = statesOf(entries, "team_status");
  const older = sql`${teams.id} = state.id AND ${teams.version} < state.version`;
  return {
    cached: sql`EXISTS (SELECT 1 FROM ${teams}, ${states} WHERE ${older})`,
    statements: [
      db
        .update(teams)
        .set({ status: sql`state.value`, version: sql`state.version`, changedBy: JOURNAL })
        .from(states)
        .where(older),
    ],
  };
}

/** The last states of a kind as rows `state` of `id`, `version` and `value`. */
function statesOf(entries: readonly JournalledEnd[], kind: StateKind): SQL {
  return sql`(SELECT value->>'id' AS id, value->>'version' AS version, value->>'value' AS value
    FROM json_each(${JSON.stringify(lastStates(entries, kind))})) AS state`;
}
