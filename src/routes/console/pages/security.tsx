import { SIGN_IN_METHODS, type SignInMethod } from "../../../domain/sign-in-method.ts";
import type { AnswerBody, ConsoleAnswer } from "../console-api.ts";
import { formatNumber } from "../format.ts";
import { CheckBox, Confirm, Done, Field, Meanwhile, Problem } from "../parts.tsx";
import { problemText } from "../problem-text.ts";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import { fill } from "../words/fill.ts";

type Security = AnswerBody<"Security">["security"];
type Shown = ConsoleAnswer<AnswerBody<"Security">>;

interface Draft {
  readonly twoFactor: boolean;
  readonly methods: readonly string[];
  readonly minutes: string;
  readonly android: string;
}

/** Team > Security: how members sign in. */
export const securityPage: TeamPage = {
  path: "/security",
  nav: "security",
  async show(visit) {
    const shown = await visit.api.get("Security", `${visit.apiPath}/security`);
    if (!shown.ok) return { refusal: shown.error };
    return visit.may("EMM.Team.SECURITY")
      ? formPage(visit, shown.value, draftOf(shown.value.body.security), {})
      : readOnlyPage(visit, shown.value.body.security);
  },
  async act(visit, form) {
    const { api, apiPath, base, words } = visit;
    const { security: text } = words;
    const draft = readDraft(form);
    const etag = form.get("etag") ?? "";
    const before = await api.get("Security", `${apiPath}/security`);
    if (!before.ok) return { refusal: before.error };
    const warnings = warningsOf(visit, before.value.body.security, draft);
    if (warnings.length > 0 && form.get("confirmed") !== "yes") {
      return confirm(visit, draft, etag, warnings);
    }
    const saved = await api.patch("Security", `${apiPath}/security`, requestOf(draft), etag);
    if (saved.ok) return { redirect: `${base}/security?saved=1` };
    if (saved.error.kind === "precondition_failed") {
      return formPage(visit, before.value, draft, { isConflict: true });
    }
    const problem = problemText(visit, saved.error, {
      sign_in_methods: text.methods,
      session_minutes: text.minutes,
      android_enterprise_id: text.android,
    });
    return formPage(visit, { ...before.value, etag }, draft, { problem });
  },
};

function draftOf(security: Security): Draft {
  return {
    twoFactor: security.require_2fa,
    methods: security.sign_in_methods,
    minutes: String(security.session_minutes),
    android: security.android_enterprise_id ?? "",
  };
}

function readDraft(form: URLSearchParams): Draft {
  return {
    twoFactor: form.has("two_factor"),
    methods: form.getAll("method"),
    minutes: form.get("minutes")?.trim() ?? "",
    android: form.get("android")?.trim() ?? "",
  };
}

function requestOf({ twoFactor, methods, minutes, android }: Draft) {
  return {
    require_2fa: twoFactor,
    sign_in_methods: methods,
    session_minutes: Number(minutes),
    android_enterprise_id: android === "" ? null : android,
  };
}

/** Whom a change would shut out, the person themselves first of all. */
function warningsOf({ words, person }: TeamVisit, before: Security, draft: Draft): readonly string[] {
  const { security: text } = words;
  const requiresMore = draft.twoFactor && !before.require_2fa;
  const gone = before.sign_in_methods.filter((method) => !draft.methods.includes(method));
  // Without any, the API refuses: nothing has to be asked.
  const removed = draft.methods.length === 0 ? [] : gone;
  return [
    ...(requiresMore ? [text.factorAll] : []),
    ...(requiresMore && !person.twoFactor ? [text.factorSelf] : []),
    ...removed.map((method) => fill(text.methodAll, { method: text[method] })),
    ...(removed.includes(person.method) ? [text.methodSelf] : []),
  ];
}

function confirm(visit: TeamVisit, draft: Draft, etag: string, warnings: readonly string[]): Outcome {
  const { words, base } = visit;
  const { security: text } = words;
  const isSelf = warnings.includes(text.factorSelf) || warnings.includes(text.methodSelf);
  return {
    title: text.confirmTitle,
    content: (
      <Confirm yes={text.confirmYes} back={`${base}/security`} words={words}>
        <div class="note alarm">
          <ul>
            {warnings.map((warning) => (
              <li>{warning}</li>
            ))}
          </ul>
        </div>
        {isSelf ? (
          <p>
            <a href="/console/me">{text.toAccount}</a>
          </p>
        ) : null}
        <input type="hidden" name="confirmed" value="yes" />
        <input type="hidden" name="etag" value={etag} />
        {draft.twoFactor ? <input type="hidden" name="two_factor" value="on" /> : null}
        {draft.methods.map((method) => (
          <input type="hidden" name="method" value={method} />
        ))}
        <input type="hidden" name="minutes" value={draft.minutes} />
        <input type="hidden" name="android" value={draft.android} />
      </Confirm>
    ),
  };
}

function formPage(
  { words, base, query }: TeamVisit,
  shown: Shown,
  draft: Draft,
  { problem = null, isConflict = false }: { readonly problem?: string | null; readonly isConflict?: boolean },
): Outcome {
  const { security: text } = words;
  const now = draftOf(shown.body.security);
  const named = (methods: readonly string[]) =>
    methods.map((method) => text[method as SignInMethod]).join(", ");
  const onOff = (isOn: boolean) => (isOn ? text.on : text.off);
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
                  [text.twoFactor, onOff(draft.twoFactor), onOff(now.twoFactor)],
                  [text.methods, named(draft.methods), named(now.methods)],
                  [text.minutes, draft.minutes, now.minutes],
                  [text.android, draft.android, now.android],
                ]
              : null
          }
          words={words}
        />
        <form method="post">
          <input type="hidden" name="etag" value={shown.etag ?? ""} />
          <CheckBox
            label={<strong>{text.twoFactor}</strong>}
            name="two_factor"
            checked={draft.twoFactor}
            help={text.twoFactorHelp}
          />
          <fieldset>
            <legend>{text.methods}</legend>
            {SIGN_IN_METHODS.map((method) => (
              <CheckBox
                label={text[method]}
                name="method"
                value={method}
                checked={draft.methods.includes(method)}
                help={text[`${method}Help`]}
              />
            ))}
            <a href={`${base}/sso-connections`}>{text.toSso}</a>
          </fieldset>
          <Field
            label={text.minutes}
            name="minutes"
            type="number"
            inputmode="numeric"
            value={draft.minutes}
            help={text.minutesHelp}
            min={5}
            required
          />
          <Field
            label={text.android}
            name="android"
            value={draft.android}
            help={text.androidHelp}
            maxlength={100}
          />
          <button type="submit">{words.frame.save}</button>
        </form>
      </>
    ),
  };
}

function readOnlyPage({ words, language }: TeamVisit, security: Security): Outcome {
  const { security: text } = words;
  return {
    title: text.title,
    content: (
      <>
        <p class="lead">{text.lead}</p>
        <dl>
          <dt>{text.twoFactor}</dt>
          <dd>{security.require_2fa ? text.on : text.off}</dd>
          <dt>{text.methods}</dt>
          <dd>{security.sign_in_methods.map((method) => text[method]).join(", ")}</dd>
          <dt>{text.minutes}</dt>
          <dd>{formatNumber(security.session_minutes, language)}</dd>
          <dt>{text.android}</dt>
          <dd>{security.android_enterprise_id ?? words.frame.none}</dd>
        </dl>
      </>
    ),
  };
}
