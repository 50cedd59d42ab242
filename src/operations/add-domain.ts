import { randomBase62 } from "../domain/base62.ts";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { recordChange } from "../store/changes.ts";
import { commit, UniqueViolation } from "../store/database.ts";
import { insertDomain, type DomainRow } from "../store/domains.ts";
import { findTeam } from "../store/teams.ts";
import { auditRow, type Actor } from "./change.ts";
import { makeId } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import type { Keep } from "./remember-answer.ts";

const CHALLENGE_CHARACTERS = 32;

/** Notes a domain name that a team says is its own; it counts for nothing until it is proven. */
export async function addDomain(
  deps: Deps,
  teamId: string,
  name: string,
  actor: Actor,
  keep: Keep<DomainRow>,
): Promise<Result<DomainRow, Refusal>> {
  const { db } = deps;
  if ((await findTeam(db, teamId)) === undefined) return err({ kind: "not_found", noun: "team" });
  const row: DomainRow = {
    id: makeId(deps, "dom"),
    teamId,
    name,
    challenge: randomBase62(CHALLENGE_CHARACTERS, deps.randomBytes),
    verifiedAt: null,
    createdAt: deps.clock(),
  };
  const audit = auditRow(deps, actor, {
    type: "domain.added",
    teamId,
    subject: row.id,
    detail: { after: { name } },
  });
  try {
    await commit(db, [insertDomain(db, row), ...recordChange(db, { subjects: [], audit }), ...keep(row)]);
  } catch (error) {
    if (!(error instanceof UniqueViolation)) throw error;
    return err({ kind: "already_exists", noun: "domain", member: "name" });
  }
  return ok(row);
}
