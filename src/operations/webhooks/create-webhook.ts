import { PLANS } from "../../domain/plan.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { recordChange } from "../../store/changes.ts";
import { commit, ConditionFailed } from "../../store/database.ts";
import { findTeam } from "../../store/teams.ts";
import {
  insertWebhook,
  insertWebhookSecret,
  refuseWebhooksOver,
  type WebhookRow,
} from "../../store/webhooks.ts";
import { makerOf } from "../caller.ts";
import { auditRow, type Actor } from "../change.ts";
import { makeId } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import type { Keep } from "../remember-answer.ts";
import { readWebhookUrl } from "./webhook-url.ts";
import { makeWebhookSecret } from "./webhook-secret.ts";

export interface WebhookRequest {
  readonly url: string;
  readonly description: string | null;
  /** Types that can be subscribed to, each once. */
  readonly events: readonly string[];
}

export interface CreatedWebhook {
  readonly webhook: WebhookRow;
  /** This answer is the only place where it ever stands. */
  readonly secret: string;
}

/** Adds an endpoint to which a team's events are sent from now on (contract, section 8). */
export async function createWebhook(
  deps: Deps,
  teamId: string,
  request: WebhookRequest,
  actor: Actor,
  keep: Keep<WebhookRow>,
): Promise<Result<CreatedWebhook, Refusal>> {
  const { db } = deps;
  const url = await readWebhookUrl(deps, request.url);
  if (!url.ok) return url;
  const team = await findTeam(db, teamId);
  if (team === undefined) return err({ kind: "not_found", noun: "team" });

  const id = makeId(deps, "whk");
  const { description, events } = request;
  const audit = auditRow(deps, actor, {
    type: "webhook.created",
    teamId,
    subject: id,
    detail: { after: { url: url.value, description, events } },
  });
  const webhook: WebhookRow = {
    id,
    teamId,
    url: url.value,
    description,
    events: [...events],
    status: "enabled",
    statusReason: null,
    failingSince: null,
    version: 1,
    changedBy: audit.id,
    createdBy: makerOf(actor.caller),
    createdAt: audit.at,
    updatedAt: audit.at,
  };
  const { secret, row } = makeWebhookSecret(deps, id);
  const limit = PLANS[team.plan].webhooks;
  try {
    await commit(db, [
      insertWebhook(db, webhook),
      ...(limit === null ? [] : [refuseWebhooksOver(db, { teamId, limit })]),
      insertWebhookSecret(db, row),
      ...recordChange(db, { subjects: [], audit }),
      ...keep(webhook),
    ]);
  } catch (error) {
    if (!(error instanceof ConditionFailed) || limit === null) throw error;
    return err({ kind: "quota_exceeded", quota: "webhooks", limit });
  }
  return ok({ webhook, secret });
}
