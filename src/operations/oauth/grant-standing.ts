import type { OAuthCredential, OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { intersect } from "../../domain/permission.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import type { GrantNow } from "../../store/grants.ts";
import { holderOfMembership } from "../held-permissions.ts";

/**
 * What a grant still confers: nothing once it has ended, its team is suspended or its user is no member any
 * more, and no more than its user holds and its client may have now (contract, sections 5 and 6).
 */
export function grantStanding(
  grant: GrantNow | undefined,
  called: OAuthCredential,
  now: number,
): Result<readonly string[], OAuthRefusal> {
  if (grant !== undefined && grant.teamLivesIn !== null) {
    return err({ kind: "credential_elsewhere", credential: called, region: grant.teamLivesIn });
  }
  if (grant === undefined || grant.revokedAt !== null) {
    return err({ kind: "credential_ended", credential: called });
  }
  if (grant.notAfter !== null && grant.notAfter <= now) {
    return err({ kind: "credential_expired", credential: called });
  }
  if (grant.teamStatus === "suspended") return err({ kind: "team_suspended" });
  const ceiling = { kind: "permissions", permissions: grant.clientPermissions } as const;
  const granted = intersect(ceiling, grant.permissions);
  if (grant.userId !== null && grant.membership === null) return err({ kind: "user_gone" });
  const left = grant.membership === null ? granted : intersect(holderOfMembership(grant.membership), granted);
  return left.length === 0 ? err({ kind: "nothing_left" }) : ok(left);
}
