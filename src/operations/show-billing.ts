import type { Refusal } from "../domain/refusal.ts";
import { ok, type Result } from "../domain/result.ts";
import { countLiveTokens } from "../store/access-tokens.ts";
import { countClients } from "../store/clients.ts";
import type { TeamRow } from "../store/teams.ts";
import { countWebhooks } from "../store/webhooks.ts";
import type { Deps } from "./deps.ts";
import { showTeam } from "./show-team.ts";

export interface BillingState {
  readonly team: TeamRow;
  /** Live ones: what counts against the plan. */
  readonly accessTokens: number;
  readonly clients: number;
  readonly webhooks: number;
}

export async function showBilling(deps: Deps, teamId: string): Promise<Result<BillingState, Refusal>> {
  const team = await showTeam(deps, teamId);
  if (!team.ok) return team;
  const [accessTokens, clients, webhooks] = await Promise.all([
    countLiveTokens(deps.db, { teamId, now: deps.clock() }),
    countClients(deps.db, teamId),
    countWebhooks(deps.db, teamId),
  ]);
  return ok({ team: team.value, accessTokens, clients, webhooks });
}
