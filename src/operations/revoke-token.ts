import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { findAccessToken } from "../store/access-tokens.ts";
import { auditRow, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { endToken, type EndedToken } from "./end-token.ts";

export type { EndedToken } from "./end-token.ts";

/** Revokes a team's access token for good. Doing it again changes nothing and gets the same answer. */
export async function revokeToken(
  deps: Deps,
  teamId: string,
  id: string,
  actor: Actor,
): Promise<Result<EndedToken, Refusal>> {
  const found = await findAccessToken(deps.db, { teamId, id });
  if (found === undefined) return err({ kind: "not_found", noun: "access_token" });
  return ok(await endToken(deps, found, (event) => auditRow(deps, actor, event)));
}
