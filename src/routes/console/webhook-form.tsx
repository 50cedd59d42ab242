import type { Refusal } from "../../domain/refusal.ts";
import { EVENT_TYPES, type EventType } from "../../domain/webhook-event.ts";
import type { AnswerBody } from "./console-api.ts";
import { CheckBox, Dotted, Field } from "./parts.tsx";
import { problemText } from "./problem-text.ts";
import type { Visit } from "./visit.ts";
import type { Words } from "./words/index.ts";

export type ShownWebhook = AnswerBody<"Webhook">["webhook"];

/** What was typed, as it was typed. */
export interface WebhookDraft {
  readonly url: string;
  readonly description: string;
  readonly events: readonly EventType[];
}

export const BLANK_WEBHOOK: WebhookDraft = { url: "", description: "", events: [] };

export function draftOf({ url, description, events }: ShownWebhook): WebhookDraft {
  return { url, description: description ?? "", events: EVENT_TYPES.filter((type) => events.includes(type)) };
}

export function readWebhookDraft(form: URLSearchParams): WebhookDraft {
  const chosen = form.getAll("event");
  return {
    url: form.get("url")?.trim() ?? "",
    description: form.get("description")?.trim() ?? "",
    events: EVENT_TYPES.filter((type) => chosen.includes(type)),
  };
}

/** What the API says against it, by the names of the fields. */
export function webhookProblem(visit: Pick<Visit, "words" | "language" | "deps">, refusal: Refusal): string {
  const { webhooks: text } = visit.words;
  return problemText(visit, refusal, {
    url: text.url,
    description: text.description,
    events: text.events,
    since: text.sinceTime,
  });
}

type GroupName = keyof Words["webhooks"]["groups"];

const GROUP_OF: Readonly<Record<string, GroupName>> = {
  access_token: "tokens",
  client: "clients",
  grant: "apps",
  refresh_token: "apps",
  member: "people",
  role: "people",
};

const GROUPS: readonly GroupName[] = ["tokens", "clients", "apps", "people", "team"];

/** Types as the form groups them, in the contract's order. */
function typesOf(group: GroupName): readonly EventType[] {
  return EVENT_TYPES.filter((type) => (GROUP_OF[type.split(".")[0] ?? ""] ?? "team") === group);
}

export function WebhookFields({ draft, words }: { readonly draft: WebhookDraft; readonly words: Words }) {
  const { webhooks: text } = words;
  return (
    <>
      <div class="pair">
        <Field
          label={text.url}
          name="url"
          type="url"
          value={draft.url}
          help={text.urlHelp}
          required
          maxlength={2048}
        />
        <Field
          label={text.description}
          name="description"
          value={draft.description}
          help={text.descriptionHelp}
          maxlength={500}
        />
      </div>
      <h2>{text.events}</h2>
      <p class="help">{text.choose}</p>
      <div class="columns">
        {GROUPS.map((group) => (
          <fieldset>
            <legend>{text.groups[group]}</legend>
            {typesOf(group).map((type) => (
              <CheckBox
                name="event"
                value={type}
                label={<Dotted name={type} />}
                help={text.when[type]}
                checked={draft.events.includes(type)}
              />
            ))}
          </fieldset>
        ))}
      </div>
    </>
  );
}
