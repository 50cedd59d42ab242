import { PLANS } from "../domain/plan.ts";
import type { Refusal } from "../domain/refusal.ts";
import type { Result } from "../domain/result.ts";
import { countLiveTokens } from "../store/access-tokens.ts";
import type { TeamChange, TeamRow } from "../store/teams.ts";
import { changeTeam } from "./change-team.ts";
import type { Actor } from "./change.ts";
import type { Deps } from "./deps.ts";

export type TeamBilling = Pick<TeamChange, "plan" | "billingContact" | "paymentReference">;

/** Changes a team's plan and whom to bill; a plan that is too small for what the team has is refused. */
export function updateBilling(
  deps: Deps,
  id: string,
  change: TeamBilling,
  expected: (team: TeamRow) => boolean,
  actor: Actor,
): Promise<Result<TeamRow, Refusal>> {
  const { plan } = change;
  const objection = async (): Promise<Refusal | null> => {
    if (plan === undefined) return null;
    const limit = PLANS[plan].access_tokens;
    if (limit === null || (await countLiveTokens(deps.db, { teamId: id, now: deps.clock() })) <= limit)
      return null;
    return { kind: "quota_exceeded", quota: "access_tokens", limit };
  };
  return changeTeam(deps, id, { change, expected, objection, type: () => "team.billing_updated" }, actor);
}
