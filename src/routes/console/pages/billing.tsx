import type { QuotaName, Quotas } from "../../../domain/plan.ts";
import type { AnswerBody, ConsoleAnswer } from "../console-api.ts";
import { formatNumber } from "../format.ts";
import { Done, Field, Meanwhile, Problem, Table } from "../parts.tsx";
import { problemText } from "../problem-text.ts";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";

type Billing = AnswerBody<"Billing">["billing"];
type Shown = ConsoleAnswer<AnswerBody<"Billing">>;

interface Draft {
  readonly plan: string;
  readonly contactName: string;
  readonly contactEmail: string;
  readonly reference: string;
}

/** In the order in which they matter to most. */
const QUOTAS: readonly QuotaName[] = ["access_tokens", "clients", "webhooks", "checks_per_minute"];

/** Team > Billing: one permission shows and changes it (contract, section 3). */
export const billingPage: TeamPage = {
  path: "/billing",
  nav: "billing",
  async show(visit) {
    const shown = await visit.api.get("Billing", `${visit.apiPath}/billing`);
    return shown.ok
      ? billingView(visit, shown.value, draftOf(shown.value.body.billing), {})
      : { refusal: shown.error };
  },
  async act(visit, form) {
    const { api, apiPath, base, words } = visit;
    const { billing: text } = words;
    const draft = readDraft(form);
    const etag = form.get("etag") ?? "";
    const saved = await api.patch("Billing", `${apiPath}/billing`, requestOf(draft), etag);
    if (saved.ok) return { redirect: `${base}/billing?saved=1` };
    const shown = await api.get("Billing", `${apiPath}/billing`);
    if (!shown.ok) return { refusal: shown.error };
    if (saved.error.kind === "precondition_failed") {
      return billingView(visit, shown.value, draft, { isConflict: true });
    }
    const problem = problemText(visit, saved.error, {
      plan: text.plan,
      "billing_contact.name": text.contactName,
      "billing_contact.email": text.contactEmail,
      payment_reference: text.reference,
    });
    return billingView(visit, { ...shown.value, etag }, draft, { problem });
  },
};

function draftOf({ plan, billing_contact: contact, payment_reference: reference }: Billing): Draft {
  return {
    plan,
    contactName: contact?.name ?? "",
    contactEmail: contact?.email ?? "",
    reference: reference ?? "",
  };
}

function readDraft(form: URLSearchParams): Draft {
  const typed = (name: string) => form.get(name)?.trim() ?? "";
  return {
    plan: typed("plan"),
    contactName: typed("contact_name"),
    contactEmail: typed("contact_email"),
    reference: typed("reference"),
  };
}

function requestOf({ plan, contactName: name, contactEmail: email, reference }: Draft) {
  return {
    plan,
    billing_contact: name === "" && email === "" ? null : { name, email },
    payment_reference: reference === "" ? null : reference,
  };
}

async function billingView(
  visit: TeamVisit,
  shown: Shown,
  draft: Draft,
  { problem = null, isConflict = false }: { readonly problem?: string | null; readonly isConflict?: boolean },
): Promise<Outcome> {
  const { api, words, query } = visit;
  const { billing: text } = words;
  const plans = await api.get("Plans", "/v1/plans");
  if (!plans.ok) return { refusal: plans.error };
  const now = draftOf(shown.body.billing);
  const planName = (plan: string) => text.plans[plan] ?? plan;
  return {
    title: text.title,
    status: isConflict ? 412 : problem === null ? 200 : 400,
    content: (
      <>
        <p class="lead">{text.lead}</p>
        <Done text={query.has("saved") && problem === null ? words.frame.saved : null} />
        <Problem text={problem} words={words} />
        <Meanwhile
          differing={
            isConflict
              ? [
                  [text.plan, planName(draft.plan), planName(now.plan)],
                  [text.contactName, draft.contactName, now.contactName],
                  [text.contactEmail, draft.contactEmail, now.contactEmail],
                  [text.reference, draft.reference, now.reference],
                ]
              : null
          }
          words={words}
        />
        <h2>{text.use}</h2>
        <UseTable billing={shown.body.billing} visit={visit} />
        <form method="post">
          <input type="hidden" name="etag" value={shown.etag ?? ""} />
          <fieldset>
            <legend>{text.plan}</legend>
            <p class="help">{text.planHelp}</p>
            {plans.value.body.plans.map(({ name, quotas }) => (
              <label class="box">
                <input type="radio" name="plan" value={name} checked={name === draft.plan} />
                <span>
                  {planName(name)}
                  <span class="help">{describeQuotas(visit, quotas)}</span>
                </span>
              </label>
            ))}
          </fieldset>
          <fieldset>
            <legend>{text.contact}</legend>
            <p class="help">{text.contactHelp}</p>
            <Field label={text.contactName} name="contact_name" value={draft.contactName} maxlength={100} />
            <Field
              label={text.contactEmail}
              name="contact_email"
              type="email"
              value={draft.contactEmail}
              maxlength={254}
            />
          </fieldset>
          <Field
            label={text.reference}
            name="reference"
            value={draft.reference}
            help={text.referenceHelp}
            maxlength={200}
          />
          <button type="submit">{words.frame.save}</button>
        </form>
      </>
    ),
  };
}

function describeQuotas({ words, language }: TeamVisit, quotas: Quotas): string {
  const { billing: text } = words;
  return QUOTAS.map((name) => {
    const most = quotas[name];
    return `${text.quotas[name]}: ${most === null ? text.unlimited : formatNumber(most, language)}`;
  }).join(" · ");
}

function UseTable({ billing, visit }: { readonly billing: Billing; readonly visit: TeamVisit }) {
  const { words, language } = visit;
  const { billing: text } = words;
  const usage: Partial<Record<QuotaName, number>> = billing.usage;
  return (
    <Table
      heads={[text.what, text.used, text.allowed]}
      rows={QUOTAS.map((name) => {
        const used = usage[name];
        const most = billing.quotas[name];
        return [
          text.quotas[name],
          used === undefined ? (
            <span class="muted">{text.notCounted}</span>
          ) : (
            <>
              {formatNumber(used, language)}
              {most === null ? null : <progress value={used} max={most} aria-label={text.quotas[name]} />}
              {most !== null && used >= most ? <span class="alarm">{text.full}</span> : null}
            </>
          ),
          most === null ? text.unlimited : formatNumber(most, language),
        ];
      })}
    />
  );
}
