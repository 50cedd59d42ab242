import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { recordChange } from "../store/changes.ts";
import { commit, ConditionFailed } from "../store/database.ts";
import {
  deleteSsoConnection,
  findSsoConnection,
  refuseLockOut,
  type SsoConnectionRow,
} from "../store/sso-connections.ts";
import { endSsoSessions } from "../store/sessions.ts";
import { deleteSsoIdentities } from "../store/sso-identities.ts";
import { auditRow, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { journalEnded } from "./journal-watch.ts";

/**
 * Removes a connection, unless nobody could sign in any more without it. The sessions that it let in end, and
 * whom its provider meant is forgotten.
 */
export async function removeSsoConnection(
  deps: Deps,
  teamId: string,
  id: string,
  actor: Actor,
): Promise<Result<SsoConnectionRow, Refusal>> {
  const { db } = deps;
  const connection = await findSsoConnection(db, { teamId, id });
  if (connection === undefined) return err({ kind: "not_found", noun: "sso_connection" });
  const { name, issuer } = connection;
  const detail = { before: { name, issuer } };
  const audit = auditRow(deps, actor, { type: "sso_connection.removed", teamId, subject: id, detail });
  try {
    await commit(db, [
      deleteSsoConnection(db, id),
      deleteSsoIdentities(db, id),
      endSsoSessions(db, { connectionId: id, now: audit.at }),
      refuseLockOut(db, teamId),
      ...recordChange(db, { subjects: [], audit }),
    ]);
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    return err({ kind: "no_way_to_sign_in" });
  }
  await journalEnded(deps, { kind: "sso_connection", id, at: audit.at });
  return ok(connection);
}
