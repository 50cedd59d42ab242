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
import { auditRow, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";

/** Removes a connection, unless nobody could sign in any more without it. */
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
      refuseLockOut(db, teamId),
      ...recordChange(db, { subjects: [], audit }),
    ]);
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    return err({ kind: "no_way_to_sign_in" });
  }
  return ok(connection);
}
