import { err, ok, type Result } from "../domain/result.ts";
import type { SsoRefusal } from "../domain/sso-refusal.ts";
import { recordChange } from "../store/changes.ts";
import { findMembership } from "../store/members.ts";
import { findSsoIdentity, findSsoIdentityOfUser, insertSsoIdentity } from "../store/sso-identities.ts";
import { auditRow } from "./change.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import { sessionCaller } from "./open-session.ts";
import { decideAdmission, type VouchedIdentity } from "./sso-admission.ts";
import { linkerOf } from "./start-sso.ts";

/**
 * Connects the account of whoever is signed in, and was when the flow began, to what a provider calls
 * them. One provider's account is one person's, and a person has one there.
 * @param userId who began the flow
 */
export function linkSsoIdentity(
  deps: Deps,
  identity: VouchedIdentity,
  { userId, session, ip }: { userId: string; session: string | null; ip: string | null },
  moment: Moment,
): Promise<Result<null, SsoRefusal>> {
  const { db } = deps;
  const { connectionId, issuer, subject } = identity;
  return decideAdmission(deps, identity, async ({ place }) => {
    const linker = await linkerOf(deps, session, place, moment);
    if (!linker.ok) return linker;
    if (linker.value.userId !== userId) return err({ kind: "sign_in_first" });
    const teamId = place.team.id;
    if ((await findMembership(db, { teamId, userId })) === undefined) return err({ kind: "not_a_member" });
    const known = await findSsoIdentity(db, identity);
    if (known?.userId === userId) return ok({ userId, statements: [], value: null });
    const other = known ?? (await findSsoIdentityOfUser(db, { userId, connectionId, issuer }));
    if (other !== undefined) return err({ kind: "already_connected" });
    const actor = { caller: sessionCaller(linker.value), ip };
    const detail = { after: { connection: connectionId, subject } };
    const audit = auditRow(deps, actor, { type: "user.sso_linked", teamId, subject: userId, detail });
    const row = { connectionId, issuer, subject, userId, createdAt: audit.at };
    const statements = [insertSsoIdentity(db, row), ...recordChange(db, { subjects: [], audit })];
    return ok({ userId, statements, value: null });
  });
}
