import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { findAccessToken, type AccessTokenRow } from "../store/access-tokens.ts";
import type { Deps } from "./deps.ts";

export async function showToken(
  deps: Deps,
  teamId: string,
  id: string,
): Promise<Result<AccessTokenRow, Refusal>> {
  const row = await findAccessToken(deps.db, { teamId, id });
  return row === undefined ? err({ kind: "not_found", noun: "access_token" }) : ok(row);
}
