import type { Refusal } from "../../../domain/refusal.ts";
import { EVENT_TYPES } from "../../../domain/webhook-event.ts";
import type { AnswerBody } from "../console-api.ts";
import { Done, Empty, Pager, Problem, Table, When } from "../parts.tsx";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import { webhookProblem, type ShownWebhook } from "../webhook-form.tsx";
import { fill } from "../words/fill.ts";
import { DeliveryState, resultText, type ShownDelivery } from "./delivery.tsx";
import { findWebhook, State, Trouble, webhookPath, type FoundWebhook } from "./webhooks.tsx";

const DELIVERIES = 20;

const STATUSES = ["pending", "delivered", "failed"] as const;

type Listed = AnswerBody<"Deliveries">;

/** One webhook: what it is told of, whether it works, and what was sent to it. */
export const webhookPage: TeamPage = {
  path: "/webhooks/:id",
  nav: "webhooks",
  show: (visit) => pageOf(visit, null),
  async act(visit, form) {
    const { api, base } = visit;
    const path = webhookPath(visit);
    if (form.get("do") === "resume") {
      const resumed = await api.patch("Webhook", path, { status: "enabled" });
      if (!resumed.ok) return refused(visit, resumed.error);
      return { redirect: `${base}/webhooks/${resumed.value.body.webhook.id}?resumed=1` };
    }
    const sent = await api.post("Delivery", `${path}/test`);
    if (!sent.ok) return refused(visit, sent.error);
    const id = visit.params["id"] ?? "";
    return { redirect: `${base}/webhooks/${id}/deliveries/${sent.value.body.delivery.id}` };
  },
};

function refused(visit: TeamVisit, refusal: Refusal): Outcome | Promise<Outcome> {
  return refusal.kind === "webhook_not_enabled" ? pageOf(visit, refusal) : { refusal };
}

async function pageOf(visit: TeamVisit, refusal: Refusal | null): Promise<Outcome> {
  const { words, query, base, may, language } = visit;
  const { webhooks: text, clients } = words;
  const [found, listed] = await Promise.all([
    findWebhook(visit),
    visit.api.get("Deliveries", `${webhookPath(visit)}/deliveries?${listQuery(query).toString()}`),
  ]);
  if (!found.ok) return { refusal: found.error };
  if (!listed.ok) return { refusal: listed.error };
  const { webhook } = found.value;
  const { id, url, description, events } = webhook;
  return {
    title: description ?? url,
    status: refusal === null ? 200 : 409,
    content: (
      <>
        <Problem text={refusal === null ? null : webhookProblem(visit, refusal)} words={words} />
        <Done text={doneText(visit, webhook)} />
        <Trouble webhook={webhook} visit={visit} />
        <dl>
          <dt>{text.url}</dt>
          <dd>
            <code>{url}</code>
          </dd>
          <dt>{text.state}</dt>
          <dd>
            <State status={webhook.status} words={words} />
          </dd>
          <dt>{words.tokens.made}</dt>
          <dd>
            <When at={webhook.created_at} language={language} otherwise="" />
          </dd>
          <dt>{text.events}</dt>
          <dd>
            {EVENT_TYPES.filter((type) => events.includes(type)).map((type) => (
              <div>
                <code>{type}</code> <span class="muted">{text.when[type]}</span>
              </div>
            ))}
          </dd>
        </dl>
        <Actions found={found.value} visit={visit} />
        <Deliveries listed={listed.value.body} id={id} visit={visit} />
        <p class="buttons">
          <a href={`${base}/webhooks`}>{text.title}</a>
          {may("EMM.Reports.VIEW") ? (
            <a href={`${base}/audit?subject=${encodeURIComponent(id)}`}>{clients.events}</a>
          ) : null}
        </p>
      </>
    ),
  };
}

function doneText({ query, words }: TeamVisit, { url, status }: ShownWebhook): string | null {
  const { webhooks: text, clients } = words;
  if (query.has("saved")) return fill(clients.saved, { name: url });
  if (query.has("resumed") && status === "enabled") return text.resumed;
  return query.has("off") && status === "disabled" ? text.switchedOff : null;
}

function Actions({
  found: {
    webhook: { id, status },
  },
  visit: { words, base, may },
}: {
  readonly found: FoundWebhook;
  readonly visit: TeamVisit;
}) {
  const { webhooks: text, clients } = words;
  const path = `${base}/webhooks/${id}`;
  const mayManage = may("EMM.Webhooks.MANAGE");
  const link = (to: string, name: string) => (
    <a class="button quiet" href={`${path}/${to}`}>
      {name}
    </a>
  );
  return (
    <div class="buttons">
      {mayManage && status === "enabled" ? (
        <form method="post" action={path}>
          <button type="submit" name="do" value="test">
            {text.test}
          </button>
        </form>
      ) : null}
      {mayManage ? link("edit", clients.edit) : null}
      {mayManage ? link("secret", clients.rotate) : null}
      {mayManage && status === "enabled" ? link("redeliver", text.since) : null}
      {mayManage && status !== "disabled" ? link("off", text.off) : null}
      {may("EMM.Webhooks.DELETE") ? link("delete", clients.remove) : null}
    </div>
  );
}

function statusIn(query: URLSearchParams): (typeof STATUSES)[number] | null {
  return STATUSES.find((status) => status === query.get("status")) ?? null;
}

function listQuery(query: URLSearchParams): URLSearchParams {
  const asked = new URLSearchParams({ limit: String(DELIVERIES) });
  const status = statusIn(query);
  const cursor = query.get("cursor");
  if (status !== null) asked.set("status", status);
  if (cursor !== null) asked.set("cursor", cursor);
  return asked;
}

function Deliveries({
  listed: { deliveries, next_cursor: next },
  id,
  visit: { words, language, base, query },
}: {
  readonly listed: Listed;
  readonly id: string;
  readonly visit: TeamVisit;
}) {
  const { webhooks: text } = words;
  const path = `${base}/webhooks/${id}`;
  const chosen = statusIn(query);
  // What was said to be done is not said again.
  const kept = new URLSearchParams(chosen === null ? {} : { status: chosen });
  const cursor = query.get("cursor");
  if (cursor !== null) kept.set("cursor", cursor);
  const nameOf = (status: typeof chosen) => (status === null ? text.all : text.deliveryStates[status]);
  const rowOf = (delivery: ShownDelivery) => [
    <a href={`${path}/deliveries/${delivery.id}`}>
      <When at={delivery.created_at} language={language} otherwise="" />
    </a>,
    <code>{delivery.type}</code>,
    <DeliveryState status={delivery.status} words={words} />,
    String(delivery.attempts.length),
    resultText(delivery.attempts.at(-1), words),
  ];
  return (
    <>
      <h2>{text.deliveries}</h2>
      {deliveries.length === 0 && chosen === null && cursor === null ? (
        <Empty>
          <p>{text.none}</p>
        </Empty>
      ) : (
        <>
          <ul class="ways" aria-label={text.filter}>
            {[null, ...STATUSES].map((status) => (
              <li>
                {status === chosen ? (
                  <strong aria-current="true">{nameOf(status)}</strong>
                ) : (
                  <a href={status === null ? path : `${path}?status=${status}`}>{nameOf(status)}</a>
                )}
              </li>
            ))}
          </ul>
          {deliveries.length === 0 ? (
            <p class="muted">{text.noMatch}</p>
          ) : (
            <Table
              heads={[text.created, text.event, text.state, text.attempts, text.result]}
              rows={deliveries.map(rowOf)}
            />
          )}
          <Pager path={path} cursor={next} query={kept} words={words} />
          <p class="muted">{text.lost}</p>
        </>
      )}
    </>
  );
}
