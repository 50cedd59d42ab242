import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { findMember, type MemberRow } from "../store/members.ts";
import type { Deps } from "./deps.ts";

export type { MemberRow } from "../store/members.ts";

export async function showMember(
  deps: Deps,
  member: { teamId: string; id: string },
): Promise<Result<MemberRow, Refusal>> {
  const row = await findMember(deps.db, member);
  return row === undefined ? err({ kind: "not_found", noun: "member" }) : ok(row);
}
