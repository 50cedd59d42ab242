import { and, eq, isNull, sql, type SQL } from "drizzle-orm";
import type { Database } from "./database.ts";
import type { Revival } from "./revival.ts";
import { clients, teamMoves, teams } from "./schema.ts";

/**
 * A team that has moved away lives elsewhere, whatever was restored here, and so do its clients; one that came back is
 * here again with them.
 * @param states rows `state` of `id`, `version` and `value`: a region, or nothing for this one
 */
export function revivedPlace(db: Database, states: SQL, changedBy: string): Revival {
  const older = sql`${teams.id} = state.id AND ${teams.placeVersion} < state.version`;
  const gone = sql`FROM ${teams}, ${states} WHERE ${older} AND state.value <> ''`;
  const back = sql`FROM ${teams}, ${states} WHERE ${older} AND state.value = ''`;
  const away = sql`${teams.livesIn} || ':' || ${teams.id}`;
  const regionOf = sql`(SELECT state.value ${gone} AND ${teams.id} = ${clients.teamId})`;
  return {
    cached: sql`EXISTS (SELECT 1 FROM ${teams}, ${states} WHERE ${older})`,
    statements: [
      db
        .update(clients)
        .set({
          homeRegion: regionOf,
          homeTeamStatus: sql`(SELECT ${teams.status} FROM ${teams} WHERE ${teams.id} = ${clients.teamId})`,
          registeredVersion: 0,
          teamId: sql`${regionOf} || ':' || ${clients.teamId}`,
          changedBy,
        })
        .where(and(isNull(clients.deletedAt), sql`${clients.teamId} IN (SELECT ${teams.id} ${gone})`)),
      db
        .update(clients)
        .set({
          homeRegion: null,
          homeTeamStatus: null,
          registeredVersion: null,
          teamId: sql`(SELECT ${teams.id} ${back} AND ${away} = ${clients.teamId})`,
          changedBy,
        })
        .where(sql`${clients.teamId} IN (SELECT ${away} ${back})`),
      // So that the statement of the other region, that it declined, can bring it back.
      db
        .update(teamMoves)
        .set({ state: "handed_over" })
        .where(
          and(
            eq(teamMoves.state, "copying"),
            sql`EXISTS (SELECT 1 ${gone} AND ${teams.id} = ${teamMoves.teamId} AND state.value = ${teamMoves.region})`,
          ),
        ),
      db
        .update(teams)
        .set({ livesIn: sql`nullif(state.value, '')`, placeVersion: sql`state.version`, frozenUntil: null })
        .from(states)
        .where(older),
    ],
  };
}
