import { Done, Field, Problem, Select } from "../parts.tsx";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import { webhookProblem } from "../webhook-form.tsx";
import { fillCount } from "../words/fill.ts";
import { findWebhook, webhookPath } from "./webhooks.tsx";

const DAY_MS = 86_400_000;

interface Draft {
  /** As the field has it: a date and time without a zone, to be read as UTC. */
  readonly since: string;
  readonly status: string;
}

interface Said {
  readonly problem?: string;
  readonly done?: string;
}

/** For a receiver that lost something: all of it again, since a time. */
export const redeliverPage: TeamPage = {
  path: "/webhooks/:id/redeliver",
  nav: "webhooks",
  needs: "EMM.Webhooks.MANAGE",
  show: (visit) => formPage(visit, { since: fieldTime(visit.deps.clock() - DAY_MS), status: "failed" }),
  async act(visit, form) {
    const { words, language } = visit;
    const { webhooks: text } = words;
    const draft = { since: form.get("since")?.trim() ?? "", status: form.get("status") ?? "" };
    const status = draft.status === "failed" ? { status: "failed" } : {};
    const body = { since: `${draft.since}Z`, ...status };
    const sent = await visit.api.post("Redelivered", `${webhookPath(visit)}/redeliver`, body);
    if (!sent.ok) return formPage(visit, draft, { problem: webhookProblem(visit, sent.error) });
    const { count, next_since: next } = sent.value.body;
    const done = fillCount(text.sinceDone, count, language);
    return next === null
      ? formPage(visit, draft, { done })
      : // To the second before: none of those made within it is left out.
        formPage(visit, { ...draft, since: next.slice(0, 19) }, { done: `${done} ${text.sinceMore}` });
  },
};

function fieldTime(time: number): string {
  return new Date(time).toISOString().slice(0, 16);
}

async function formPage(visit: TeamVisit, draft: Draft, { problem, done }: Said = {}): Promise<Outcome> {
  const { words, base } = visit;
  const { webhooks: text } = words;
  const found = await findWebhook(visit);
  if (!found.ok) return { refusal: found.error };
  const { id, url } = found.value.webhook;
  return {
    title: text.sinceTitle,
    status: problem === undefined ? 200 : 400,
    content: (
      <>
        <p class="lead">{url}</p>
        <Problem text={problem ?? null} words={words} />
        <Done text={done ?? null} />
        <p>{text.sinceText}</p>
        <form method="post">
          <Field
            label={text.sinceTime}
            name="since"
            type="datetime-local"
            value={draft.since}
            help={text.lost}
            required
          />
          <Select
            label={text.which}
            name="status"
            value={draft.status}
            options={[
              ["failed", text.whichFailed],
              ["", text.whichAll],
            ]}
          />
          <div class="buttons">
            <button type="submit">{text.redeliver}</button>
            <a class="button quiet" href={`${base}/webhooks/${id}`}>
              {text.toWebhook}
            </a>
          </div>
        </form>
      </>
    ),
  };
}
