import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { listMembers as listMemberRows, type MemberRow } from "../store/members.ts";
import { findTeam } from "../store/teams.ts";
import type { Deps } from "./deps.ts";
import { readPage, type Page, type PageRequest } from "./page.ts";

/** A team's members, those who are only invited too, newest first. */
export async function listMembers(
  deps: Deps,
  teamId: string,
  page: PageRequest,
): Promise<Result<Page<MemberRow>, Refusal>> {
  if ((await findTeam(deps.db, teamId)) === undefined) return err({ kind: "not_found", noun: "team" });
  return ok(await readPage(page, (part) => listMemberRows(deps.db, { teamId, ...part })));
}
