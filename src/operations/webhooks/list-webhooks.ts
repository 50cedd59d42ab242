import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { findTeam } from "../../store/teams.ts";
import { listWebhooks as listWebhookRows, type WebhookRow } from "../../store/webhooks.ts";
import type { Deps } from "../deps.ts";
import { readPage, type Page, type PageRequest } from "../page.ts";

/** A team's webhooks, newest first. */
export async function listWebhooks(
  deps: Deps,
  teamId: string,
  page: PageRequest,
): Promise<Result<Page<WebhookRow>, Refusal>> {
  if ((await findTeam(deps.db, teamId)) === undefined) return err({ kind: "not_found", noun: "team" });
  return ok(await readPage(page, (part) => listWebhookRows(deps.db, { teamId, ...part })));
}
