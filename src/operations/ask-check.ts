import { serviceOf } from "../domain/permission.ts";
import type { SentProof } from "../domain/proof.ts";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import type { KeyedService } from "../store/services.ts";
import { checkToken } from "./check-token.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import { knownPermissions, permissionsAtHand } from "./records.ts";
import type { Verdict } from "./verdict.ts";

/** A service's question, as it came. */
export interface AskedQuestion {
  readonly token: string;
  readonly permissions: readonly string[];
  readonly team?: string | undefined;
  readonly ip?: string | undefined;
  readonly cost: number;
  /** Given exactly when the token was sent under the scheme DPoP (RFC 9449). */
  readonly proof?: SentProof | undefined;
}

/**
 * A check on behalf of a service. A permission that no catalogue has, or none of those that the service
 * may ask about, is a mistake in the service and not a verdict on the token.
 */
export async function askCheck(
  deps: Deps,
  service: KeyedService,
  asked: AskedQuestion,
  moment: Moment,
): Promise<Result<Verdict, Refusal>> {
  if (asked.permissions.length > 0) {
    const { permissions } =
      permissionsAtHand(deps.records, moment) ?? (await knownPermissions(deps.records, moment));
    const unknown = asked.permissions.findIndex(
      (permission) => !permissions.has(permission) || !maySee(service, permission),
    );
    if (unknown >= 0) return err({ kind: "unknown_permission", member: `permissions[${unknown}]` });
  }
  const question = {
    token: asked.token,
    permissions: asked.permissions,
    team: asked.team ?? null,
    ip: asked.ip ?? null,
    cost: asked.cost,
    service: service.id,
    resource: service.resource,
    proof: asked.proof ?? null,
  };
  return ok(await checkToken(deps, question, moment));
}

/** Whether a service may see and ask about a permission. */
export function maySee({ catalogues }: KeyedService, permission: string): boolean {
  return catalogues === null || catalogues.includes(serviceOf(permission));
}
