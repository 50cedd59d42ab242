import { Meanwhile, Problem } from "../parts.tsx";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import {
  draftOf,
  readWebhookDraft,
  WebhookFields,
  webhookProblem,
  type WebhookDraft,
} from "../webhook-form.tsx";
import { fill } from "../words/fill.ts";
import { findWebhook, webhookPath, type FoundWebhook } from "./webhooks.tsx";

interface Again {
  readonly problem?: string;
  readonly isConflict?: boolean;
}

/** Where a webhook goes and what it is told of. */
export const editWebhookPage: TeamPage = {
  path: "/webhooks/:id/edit",
  nav: "webhooks",
  needs: "EMM.Webhooks.MANAGE",
  async show(visit) {
    const found = await findWebhook(visit);
    return found.ok ? formPage(visit, found.value, draftOf(found.value.webhook)) : { refusal: found.error };
  },
  async act(visit, form) {
    const found = await findWebhook(visit);
    if (!found.ok) return { refusal: found.error };
    const draft = readWebhookDraft(form);
    const etag = form.get("etag") ?? "";
    const { url, events, description } = draft;
    const body = { url, events, description: description === "" ? null : description };
    const saved = await visit.api.patch("Webhook", webhookPath(visit), body, etag);
    if (saved.ok) return { redirect: `${visit.base}/webhooks/${saved.value.body.webhook.id}?saved=1` };
    return saved.error.kind === "precondition_failed"
      ? formPage(visit, found.value, draft, { isConflict: true })
      : formPage(visit, { ...found.value, etag }, draft, { problem: webhookProblem(visit, saved.error) });
  },
};

function formPage(
  { words, base }: TeamVisit,
  { webhook, etag }: FoundWebhook,
  draft: WebhookDraft,
  { problem, isConflict = false }: Again = {},
): Outcome {
  const { webhooks: text, clients } = words;
  const now = draftOf(webhook);
  return {
    title: fill(clients.editTitle, { name: webhook.url }),
    status: isConflict ? 412 : problem === undefined ? 200 : 400,
    content: (
      <>
        <Problem text={problem ?? null} words={words} />
        <Meanwhile
          differing={
            isConflict
              ? [
                  [text.url, draft.url, now.url],
                  [text.description, draft.description, now.description],
                  [text.events, draft.events.join(", "), now.events.join(", ")],
                ]
              : null
          }
          words={words}
        />
        <form method="post" class="wide-form">
          <input type="hidden" name="etag" value={etag} />
          <WebhookFields draft={draft} words={words} />
          <div class="buttons">
            <button type="submit">{words.frame.save}</button>
            <a class="button quiet" href={`${base}/webhooks/${webhook.id}`}>
              {words.frame.cancel}
            </a>
          </div>
        </form>
      </>
    ),
  };
}
