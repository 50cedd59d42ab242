import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { recordChange } from "../store/changes.ts";
import { commit, ConditionFailed } from "../store/database.ts";
import { deleteDomain, findDomain, type DomainRow } from "../store/domains.ts";
import { refuseDomainInUse } from "../store/sso-connections.ts";
import { auditRow, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { subjects } from "./subjects.ts";

/** Takes a domain off a team, unless a sign-in connection relies on it. */
export async function removeDomain(
  deps: Deps,
  teamId: string,
  id: string,
  actor: Actor,
): Promise<Result<DomainRow, Refusal>> {
  const { db } = deps;
  const domain = await findDomain(db, { teamId, id });
  if (domain === undefined) return err({ kind: "not_found", noun: "domain" });
  const { name } = domain;
  const audit = auditRow(deps, actor, {
    type: "domain.removed",
    teamId,
    subject: id,
    detail: { before: { name } },
  });
  try {
    await commit(db, [
      refuseDomainInUse(db, { teamId, name }),
      deleteDomain(db, id),
      ...recordChange(db, { subjects: [subjects.domains()], audit }),
    ]);
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    return err({ kind: "in_use", noun: "domain" });
  }
  return ok(domain);
}
