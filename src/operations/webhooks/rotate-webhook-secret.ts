import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { commitIfHolds } from "../../store/database.ts";
import { listWebhookSecretsInForce, rotateWebhookSecret as rotate } from "../../store/webhooks.ts";
import { auditRow, type Actor } from "../change.ts";
import type { Deps } from "../deps.ts";
import type { Keep } from "../remember-answer.ts";
import { showWebhook } from "./show-webhook.ts";
import { makeWebhookSecret } from "./webhook-secret.ts";

/** At once: each of them signs every message. */
const MAX_SECRETS = 5;

export interface RotatedSecret {
  /** This answer is the only place where it ever stands. */
  readonly secret: string;
  /** Milliseconds: messages are signed with the former ones too, until then at most. */
  readonly previousExpiresAt: number;
}

/** Gives a webhook a new secret; those before it sign too for the overlap, so that no receiver is caught out. */
export async function rotateWebhookSecret(
  deps: Deps,
  which: { teamId: string; id: string },
  overlapSeconds: number,
  actor: Actor,
  keep: Keep<RotatedSecret>,
): Promise<Result<RotatedSecret, Refusal>> {
  const { db } = deps;
  for (;;) {
    const found = await showWebhook(deps, which);
    if (!found.ok) return found;
    const webhook = found.value;
    const { id, teamId } = webhook;
    const inForce = await listWebhookSecretsInForce(db, { webhookId: id, now: deps.clock() });
    if (overlapSeconds > 0 && inForce.length >= MAX_SECRETS)
      return err({ kind: "too_many_secrets", limit: MAX_SECRETS });

    const { secret, row } = makeWebhookSecret(deps, id);
    const audit = auditRow(deps, actor, {
      type: "webhook.secret_rotated",
      teamId,
      subject: id,
      detail: { after: { overlap_seconds: overlapSeconds } },
    });
    const expiresAt = audit.at + overlapSeconds * 1000;
    const rotated = { secret, previousExpiresAt: expiresAt };
    const record = { subjects: [], audit };
    const statements = rotate(db, { webhook, secret: row, expiresAt, record });
    // If the webhook has changed meanwhile: look again.
    if (await commitIfHolds(db, [...statements, ...keep(rotated)])) return ok(rotated);
  }
}
