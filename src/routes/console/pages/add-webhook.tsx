import { Once, Problem } from "../parts.tsx";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import {
  BLANK_WEBHOOK,
  readWebhookDraft,
  WebhookFields,
  webhookProblem,
  type ShownWebhook,
  type WebhookDraft,
} from "../webhook-form.tsx";
import { Verify } from "./webhooks.tsx";

/** A new webhook, and then its secret, once. */
export const addWebhookPage: TeamPage = {
  path: "/webhooks/new",
  nav: "webhooks",
  needs: "EMM.Webhooks.MANAGE",
  show: async (visit) => formPage(visit, BLANK_WEBHOOK, null),
  async act(visit, form) {
    const draft = readWebhookDraft(form);
    const { url, events, description } = draft;
    const body = { url, events, ...(description === "" ? {} : { description }) };
    const made = await visit.api.post("CreatedWebhook", `${visit.apiPath}/webhooks`, body);
    if (!made.ok) return formPage(visit, draft, webhookProblem(visit, made.error));
    const { webhook, secret } = made.value.body;
    return secretPage(visit, visit.words.webhooks.createdTitle, webhook, secret ?? "");
  },
};

function formPage({ words, base }: TeamVisit, draft: WebhookDraft, problem: string | null): Outcome {
  const { webhooks: text } = words;
  return {
    title: text.add,
    status: problem === null ? 200 : 400,
    content: (
      <>
        <Problem text={problem} words={words} />
        <form method="post" class="wide-form">
          <WebhookFields draft={draft} words={words} />
          <div class="buttons">
            <button type="submit">{words.tokens.create}</button>
            <a class="button quiet" href={`${base}/webhooks`}>
              {words.frame.cancel}
            </a>
          </div>
        </form>
      </>
    ),
  };
}

/** A webhook's secret, on this page alone. */
export function secretPage(
  { words, base }: TeamVisit,
  title: string,
  { id, url, status }: ShownWebhook,
  secret: string,
  more: string | null = null,
): Outcome {
  const { webhooks: text } = words;
  const path = `${base}/webhooks/${id}`;
  return {
    title,
    content: (
      <>
        <p>
          <code>{url}</code>
        </p>
        <Once label={text.secret} value={secret} text={text.onceText} words={words} />
        {more === null ? null : <p>{more}</p>}
        <Verify words={words} />
        <div class="buttons">
          {status === "enabled" ? (
            <form method="post" action={path}>
              <button type="submit" name="do" value="test">
                {text.test}
              </button>
            </form>
          ) : null}
          <a class="button quiet" href={path}>
            {text.toWebhook}
          </a>
        </div>
      </>
    ),
  };
}
