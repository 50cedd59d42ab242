import { challengeName, challengeText } from "../domain/domain-challenge.ts";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { commit } from "../store/database.ts";
import { findDomain, verifyDomain as verifyDomainRow, type DomainRow } from "../store/domains.ts";
import { auditRow, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { subjects } from "./subjects.ts";

/** Looks whether the TXT record is there; if so, the domain is the team's and no other's. */
export async function verifyDomain(
  deps: Deps,
  teamId: string,
  id: string,
  actor: Actor,
): Promise<Result<DomainRow, Refusal>> {
  const { db } = deps;
  const domain = await findDomain(db, { teamId, id });
  if (domain === undefined) return err({ kind: "not_found", noun: "domain" });
  if (domain.verifiedAt !== null) return ok(domain);
  const records = await deps.resolveTxt(challengeName(domain.name));
  if (!records.includes(challengeText(domain.challenge))) return err({ kind: "domain_not_proven" });
  const audit = auditRow(deps, actor, {
    type: "domain.verified",
    teamId,
    subject: id,
    detail: { after: { name: domain.name } },
  });
  await commit(db, verifyDomainRow(db, { domain, record: { subjects: [subjects.domains()], audit } }));
  const proven = await findDomain(db, { teamId, id });
  if (proven === undefined) return err({ kind: "not_found", noun: "domain" });
  return proven.verifiedAt === null
    ? err({ kind: "already_exists", noun: "domain", member: "name" })
    : ok(proven);
}
