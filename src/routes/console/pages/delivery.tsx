import type { AnswerBody } from "../console-api.ts";
import { formatMilliseconds } from "../format.ts";
import { Done, Problem, Table, When } from "../parts.tsx";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import { webhookProblem } from "../webhook-form.tsx";
import { fill } from "../words/fill.ts";
import type { Words } from "../words/index.ts";
import { findWebhook, Trouble, webhookPath } from "./webhooks.tsx";

export type ShownDelivery = AnswerBody<"Delivery">["delivery"];
type Attempt = ShownDelivery["attempts"][number];

/** What comes sooner than that is waited for on the page. */
const SOON_MS = 15_000;

/** One event on its way to one webhook, with every attempt. */
export const deliveryPage: TeamPage = {
  path: "/webhooks/:id/deliveries/:delivery",
  nav: "webhooks",
  show: (visit) => pageOf(visit, null),
  async act(visit) {
    const sent = await visit.api.post("Delivery", `${deliveryPath(visit)}/redeliver`);
    if (sent.ok) return { redirect: `${new URL(visit.request.url).pathname}?again=1` };
    return sent.error.kind === "webhook_not_enabled"
      ? pageOf(visit, webhookProblem(visit, sent.error))
      : { refusal: sent.error };
  },
};

function deliveryPath(visit: TeamVisit): string {
  return `${webhookPath(visit)}/deliveries/${encodeURIComponent(visit.params["delivery"] ?? "")}`;
}

async function pageOf(visit: TeamVisit, problem: string | null): Promise<Outcome> {
  const { api, deps, words, base, query, may } = visit;
  const { webhooks: text } = words;
  const [found, shown] = await Promise.all([findWebhook(visit), api.get("Delivery", deliveryPath(visit))]);
  if (!found.ok) return { refusal: found.error };
  if (!shown.ok) return { refusal: shown.error };
  const { webhook } = found.value;
  const { delivery } = shown.value.body;
  const { next_attempt_at: next } = delivery;
  const isEnabled = webhook.status === "enabled";
  const isSoon = isEnabled && next !== null && Date.parse(next) <= deps.clock() + SOON_MS;
  return {
    title: text.delivery,
    status: problem === null ? 200 : 409,
    ...(isSoon && problem === null ? { refreshSeconds: 2 } : {}),
    content: (
      <>
        <p class="lead">{fill(text.about, { type: delivery.type, name: webhook.url })}</p>
        <Problem text={problem} words={words} />
        <Done text={query.has("again") ? text.again : null} />
        <Trouble webhook={webhook} visit={visit} />
        <div data-live>
          <Progress delivery={delivery} isTried={isEnabled} visit={visit} />
        </div>
        <div class="buttons">
          {may("EMM.Webhooks.MANAGE") && isEnabled && !isSoon ? (
            <form method="post">
              <button type="submit">{text.redeliver}</button>
            </form>
          ) : null}
          <a class="button quiet" href={`${base}/webhooks/${webhook.id}`}>
            {text.toWebhook}
          </a>
        </div>
      </>
    ),
  };
}

function Progress({
  delivery: { event, status, attempts, created_at: made, next_attempt_at: next },
  isTried,
  visit: { words, language },
}: {
  readonly delivery: ShownDelivery;
  /** Whether the next attempt comes when it is due: to a paused webhook none does. */
  readonly isTried: boolean;
  readonly visit: TeamVisit;
}) {
  const { webhooks: text } = words;
  return (
    <>
      <dl>
        <dt>{text.state}</dt>
        <dd>
          <DeliveryState status={status} words={words} />
        </dd>
        <dt>{text.event}</dt>
        <dd>
          <code>{event}</code>
        </dd>
        <dt>{text.created}</dt>
        <dd>
          <When at={made} language={language} otherwise="" />
        </dd>
        {next === null || !isTried ? null : (
          <>
            <dt>{text.next}</dt>
            <dd>
              <When at={next} language={language} otherwise="" />
            </dd>
          </>
        )}
      </dl>
      <h2>{text.attempts}</h2>
      {attempts.length === 0 ? (
        <p>{text.first}</p>
      ) : (
        <Table
          heads={[text.attempt, text.answer, text.duration, text.excerpt]}
          rows={attempts.map((attempt) => [
            <When at={attempt.at} language={language} otherwise="" />,
            resultText(attempt, words),
            formatMilliseconds(attempt.duration_ms, language),
            attempt.excerpt === null ? null : <code>{attempt.excerpt}</code>,
          ])}
        />
      )}
    </>
  );
}

export function DeliveryState({
  status,
  words,
}: {
  readonly status: ShownDelivery["status"];
  readonly words: Words;
}) {
  const look = { pending: "tag", delivered: "tag good", failed: "tag bad" }[status];
  return <span class={look}>{words.webhooks.deliveryStates[status]}</span>;
}

/** What came of an attempt: the status, and what it means. */
export function resultText(attempt: Attempt | undefined, { webhooks: text }: Words): string | null {
  if (attempt === undefined) return null;
  const { status_code: status, error } = attempt;
  const meaning =
    error === null ? text.fine : ((text.errors as Readonly<Record<string, string>>)[error] ?? error);
  return status === null ? meaning : `${status} · ${meaning}`;
}
