import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { listAccessTokens, type AccessTokenRow } from "../store/access-tokens.ts";
import { findTeam } from "../store/teams.ts";
import type { Deps } from "./deps.ts";
import { readPage, type Page, type PageRequest } from "./page.ts";

/** A team's access tokens, revoked and expired ones too, newest first. */
export async function listTokens(
  deps: Deps,
  teamId: string,
  page: PageRequest,
): Promise<Result<Page<AccessTokenRow>, Refusal>> {
  if ((await findTeam(deps.db, teamId)) === undefined) return err({ kind: "not_found", noun: "team" });
  return ok(await readPage(page, (part) => listAccessTokens(deps.db, { teamId, ...part })));
}
