import type { AnswerBody, ConsoleAnswer } from "../console-api.ts";
import { Done, Field, Meanwhile, Problem, TextArea, When } from "../parts.tsx";
import { problemText } from "../problem-text.ts";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import { fill } from "../words/fill.ts";

/** Preferences as somebody may have them. */
const EXAMPLE = '{"language": "de"}';

type Shown = ConsoleAnswer<AnswerBody<"Team">>;

interface Draft {
  readonly name: string;
  readonly slug: string;
  /** As JSON. */
  readonly preferences: string;
}

/** Team > Team: what it is called, and its preferences. */
export const informationPage: TeamPage = {
  path: "/team",
  nav: "information",
  async show(visit) {
    const shown = await visit.api.get("Team", visit.apiPath);
    return shown.ok ? teamPage(visit, shown.value, draftOf(shown.value), {}) : { refusal: shown.error };
  },
  async act(visit, form) {
    const { api, apiPath, words } = visit;
    const { information: text } = words;
    const draft = {
      name: form.get("name") ?? "",
      slug: form.get("slug") ?? "",
      // A text area sends the line ends of the wire (HTML, section 4.10.22.4).
      preferences: (form.get("preferences") ?? "").replaceAll("\r\n", "\n"),
    };
    const preferences = readObject(draft.preferences);
    const changed =
      preferences === null
        ? null
        : await api.patch("Team", apiPath, { ...draft, preferences }, form.get("etag"));
    if (changed?.ok) return { redirect: `/console/${changed.value.body.team.slug}/team?saved=1` };
    const shown = await api.get("Team", apiPath);
    if (!shown.ok) return { refusal: shown.error };
    if (changed?.error.kind === "precondition_failed") {
      return teamPage(visit, shown.value, draft, { isConflict: true });
    }
    const labels = { name: text.name, slug: text.slug, preferences: text.preferences };
    const problem =
      changed === null
        ? fill(text.preferencesBad, { example: EXAMPLE })
        : problemText(visit, changed.error, labels);
    return teamPage(visit, { ...shown.value, etag: form.get("etag") }, draft, { problem });
  },
};

function draftOf({ body: { team } }: Shown): Draft {
  return { name: team.name, slug: team.slug, preferences: JSON.stringify(team.preferences, null, 2) };
}

/** An object that was written as JSON, empty for an empty text; null when it is none. */
function readObject(text: string): object | null {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function teamPage(
  visit: TeamVisit,
  shown: Shown,
  draft: Draft,
  { problem = null, isConflict = false }: { readonly problem?: string | null; readonly isConflict?: boolean },
): Outcome {
  const { words, language, query, may } = visit;
  const { information: text } = words;
  const { team } = shown.body;
  const now = draftOf(shown);
  const mayChange = may("EMM.Team.MANAGE");
  return {
    title: text.title,
    status: isConflict ? 412 : problem === null ? 200 : 400,
    content: (
      <>
        <p class="lead">{text.lead}</p>
        <Done text={query.has("saved") ? words.frame.saved : null} />
        <Problem text={problem} words={words} />
        <Meanwhile
          differing={
            isConflict
              ? [
                  [text.name, draft.name, now.name],
                  [text.slug, draft.slug, now.slug],
                  [text.preferences, draft.preferences, now.preferences],
                ]
              : null
          }
          words={words}
        />
        <dl>
          <dt>{text.id}</dt>
          <dd>
            <code>{team.id}</code>
          </dd>
          {mayChange ? null : (
            <>
              <dt>{text.name}</dt>
              <dd>{team.name}</dd>
              <dt>{text.slug}</dt>
              <dd>{team.slug}</dd>
            </>
          )}
          <dt>{text.status}</dt>
          <dd>
            <span class={`tag ${team.status === "active" ? "good" : "bad"}`}>{text[team.status]}</span>
          </dd>
          <dt>{text.plan}</dt>
          <dd>{words.billing.plans[team.plan] ?? team.plan}</dd>
          <dt>{text.made}</dt>
          <dd>
            <When at={team.created_at} language={language} otherwise="" />
          </dd>
          {mayChange ? null : (
            <>
              <dt>{text.preferences}</dt>
              <dd>
                <code>{now.preferences}</code>
              </dd>
            </>
          )}
        </dl>
        {mayChange ? (
          <form method="post">
            <input type="hidden" name="etag" value={shown.etag ?? ""} />
            <Field label={text.name} name="name" value={draft.name} required maxlength={100} />
            <Field
              label={text.slug}
              name="slug"
              value={draft.slug}
              required
              maxlength={63}
              help={text.slugHelp}
            />
            <TextArea
              label={text.preferences}
              name="preferences"
              value={draft.preferences}
              rows={5}
              help={fill(text.preferencesHelp, { example: EXAMPLE })}
            />
            <button type="submit">{words.frame.save}</button>
          </form>
        ) : null}
      </>
    ),
  };
}
