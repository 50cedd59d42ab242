import type { Refusal } from "../../../domain/refusal.ts";
import { err, ok, type Result } from "../../../domain/result.ts";
import { formatTime } from "../format.ts";
import { Confirm, Done, Empty, Pager, Table } from "../parts.tsx";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import { webhookProblem, type ShownWebhook } from "../webhook-form.tsx";
import { fill, fillCount } from "../words/fill.ts";
import type { Words } from "../words/index.ts";

/** Developers > Webhooks (contract, section 11). */
export const webhooksPage: TeamPage = {
  path: "/webhooks",
  nav: "webhooks",
  async show(visit) {
    const { api, apiPath, base, words, language, query, may } = visit;
    const { webhooks: text } = words;
    const cursor = query.get("cursor");
    const search = cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    const listed = await api.get("Webhooks", `${apiPath}/webhooks${search}`);
    if (!listed.ok) return { refusal: listed.error };
    const { webhooks, next_cursor: next } = listed.value.body;
    return {
      title: text.title,
      content: (
        <>
          <p class="lead">{text.lead}</p>
          <Done text={query.has("removed") ? text.removed : null} />
          {webhooks.map((webhook) => (
            <Trouble webhook={webhook} visit={visit} named />
          ))}
          {may("EMM.Webhooks.MANAGE") ? (
            <p>
              <a class="button" href={`${base}/webhooks/new`}>
                {text.add}
              </a>
            </p>
          ) : null}
          {webhooks.length === 0 ? (
            <>
              <Empty>
                <p>{text.empty}</p>
              </Empty>
              <Verify words={words} />
            </>
          ) : (
            <Table
              heads={[text.url, text.events, text.state]}
              rows={webhooks.map(({ id, url, description, events, status }) => [
                <>
                  <a href={`${base}/webhooks/${id}`}>{url}</a>
                  {description === null ? null : <span class="help">{description}</span>}
                </>,
                fillCount(text.eventCount, events.length, language),
                <State status={status} words={words} />,
              ])}
            />
          )}
          <Pager path={`${base}/webhooks`} cursor={next} query={query} words={words} />
        </>
      ),
    };
  },
};

export function State({ status, words }: { readonly status: ShownWebhook["status"]; readonly words: Words }) {
  const look = status === "enabled" ? "tag good" : status === "paused" ? "tag bad" : "tag";
  return <span class={look}>{words.webhooks.states[status]}</span>;
}

/** Why nothing arrives, or soon will not, and the way out of it. */
export function Trouble({
  webhook: { id, url, status, status_reason: reason, failing_since: since },
  visit: { words, base, language, may },
  named = false,
}: {
  readonly webhook: ShownWebhook;
  readonly visit: TeamVisit;
  /** Whether it says which one it is about. */
  readonly named?: boolean;
}) {
  const { webhooks: text } = words;
  if (status === "enabled" && since === null) return null;
  // Where somebody wanted it so, there is no cause for alarm.
  const look = status === "enabled" ? "note strict" : reason === "requested" ? "note" : "note alarm";
  return (
    <div class={look}>
      {named ? (
        <p>
          <a href={`${base}/webhooks/${id}`}>{url}</a>
        </p>
      ) : null}
      {reason === null ? null : <p>{text.reasons[reason]}</p>}
      {since === null || status === "disabled" ? null : (
        <p>{fill(text.failing, { time: `${formatTime(since, language)} UTC` })}</p>
      )}
      {status !== "enabled" && may("EMM.Webhooks.MANAGE") ? (
        <form method="post" action={`${base}/webhooks/${id}`}>
          <button
            type="submit"
            name="do"
            value="resume"
            aria-label={named ? fill(text.resumeOf, { name: url }) : undefined}
          >
            {text.resume}
          </button>
        </form>
      ) : null}
    </div>
  );
}

/** The same in every language: README, "Webhooks". */
const SNIPPET = `import { Webhook } from "standardwebhooks";
const event = new Webhook(secret).verify(rawBody, headers);`;

export function Verify({ words }: { readonly words: Words }) {
  return (
    <>
      <p>{words.webhooks.verify}</p>
      <pre dir="ltr">
        <code>{SNIPPET}</code>
      </pre>
    </>
  );
}

export function webhookPath({ apiPath, params }: TeamVisit): string {
  return `${apiPath}/webhooks/${encodeURIComponent(params["id"] ?? "")}`;
}

export interface FoundWebhook {
  readonly webhook: ShownWebhook;
  readonly etag: string;
}

export async function findWebhook(visit: TeamVisit): Promise<Result<FoundWebhook, Refusal>> {
  const shown = await visit.api.get("Webhook", webhookPath(visit));
  if (!shown.ok) return err(shown.error);
  return ok({ webhook: shown.value.body.webhook, etag: shown.value.etag ?? "" });
}

/** Asks before a webhook goes, with all that is known of its deliveries. */
export const deleteWebhookPage: TeamPage = {
  path: "/webhooks/:id/delete",
  nav: "webhooks",
  needs: "EMM.Webhooks.DELETE",
  show: (visit) => confirm(visit, "remove", null),
  async act(visit) {
    const deleted = await visit.api.delete("Webhook", webhookPath(visit));
    return deleted.ok
      ? { redirect: `${visit.base}/webhooks?removed=1` }
      : confirm(visit, "remove", webhookProblem(visit, deleted.error));
  },
};

/** Asks before a webhook is switched off, since that gives up what waits for it. */
export const disableWebhookPage: TeamPage = {
  path: "/webhooks/:id/off",
  nav: "webhooks",
  needs: "EMM.Webhooks.MANAGE",
  show: (visit) => confirm(visit, "off", null),
  async act(visit) {
    const changed = await visit.api.patch("Webhook", webhookPath(visit), { status: "disabled" });
    return changed.ok
      ? { redirect: `${visit.base}/webhooks/${changed.value.body.webhook.id}?off=1` }
      : confirm(visit, "off", webhookProblem(visit, changed.error));
  },
};

async function confirm(visit: TeamVisit, what: "remove" | "off", problem: string | null): Promise<Outcome> {
  const { words, base } = visit;
  const { webhooks: text, clients } = words;
  const found = await findWebhook(visit);
  if (!found.ok) return { refusal: found.error };
  const { id, url } = found.value.webhook;
  const says =
    what === "off"
      ? { title: text.offTitle, text: text.offText, yes: text.offYes }
      : { title: clients.removeTitle, text: text.removeText, yes: clients.removeYes };
  return {
    title: fill(says.title, { name: url }),
    status: problem === null ? 200 : 400,
    content: (
      <Confirm problem={problem} yes={says.yes} back={`${base}/webhooks/${id}`} words={words}>
        <p>{says.text}</p>
      </Confirm>
    ),
  };
}
