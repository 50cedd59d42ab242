import { isWebPage } from "../../domain/redirect-uri.ts";
import type { Refusal } from "../../domain/refusal.ts";
import type { ConsentView } from "../../operations/oauth/consent-view.ts";
import { isOffered, type TeamChoice } from "../../operations/oauth/weigh-places.ts";
import { Layout } from "../console/layout.tsx";
import { Problem } from "../console/parts.tsx";
import { fill, fillWith, type Template } from "../console/words/fill.ts";
import type { Reader, Words } from "../console/words/index.ts";
import { ScopeList } from "./scope-list.tsx";

export interface ConsentPageProps {
  readonly view: ConsentView;
  /** Where the decision is sent. */
  readonly action: string;
  readonly signIn: string;
  readonly reader: Reader;
}

/** What an application asks for, and whether it gets it (contract, section 11). */
export function ConsentPage({ view, action, signIn, reader: { words, language } }: ConsentPageProps) {
  const { appName, email, choices, chosen, scopes, lasts, redirectUri, shown, problem } = view;
  const { consent: text, frame } = words;
  const isMore = lasts === "more";
  return (
    <Layout title={isMore ? text.titleMore : text.title} words={words} language={language}>
      <Problem text={problem === null ? null : text.problems[problem]} words={words} />
      <Asker name={appName} homepageUrl={view.homepageUrl} asks={isMore ? text.asksMore : text.asks} />
      <ScopeList scopes={scopes} words={words} />
      <p>{text.lasts[lasts]}</p>
      <form method="post" action={action}>
        <input type="hidden" name="shown" value={shown} />
        <Teams choices={choices} chosen={chosen} words={words} />
        <p class="muted">{fillWith(text.leadsTo, { place: <bdi>{hostOf(redirectUri) ?? text.app}</bdi> })}</p>
        <Answers mayAccept={choices.some(isOffered)} words={words} />
      </form>
      <p class="foot muted">
        {fill(frame.signedInAs, { email })} · <a href={signIn}>{text.otherwise}</a>
      </p>
    </Layout>
  );
}

/** Who asks; a name may be written in any direction, and must not turn ours around. */
export function Asker({
  name,
  homepageUrl,
  asks,
}: {
  readonly name: string;
  readonly homepageUrl: string | null;
  readonly asks: Template<"app">;
}) {
  return (
    <>
      <p class="asker">
        {fillWith(asks, {
          app: (
            <strong>
              <bdi>{name}</bdi>
            </strong>
          ),
        })}
      </p>
      {homepageUrl === null || !isWebPage(homepageUrl) ? null : (
        <p>
          <a href={homepageUrl} rel="noopener noreferrer" target="_blank">
            {homepageUrl}
          </a>
        </p>
      )}
    </>
  );
}

/** One as easy as the other: the same size, and neither marked. */
export function Answers({ mayAccept, words }: { readonly mayAccept: boolean; readonly words: Words }) {
  const { accept, deny } = words.consent;
  return (
    <div class="answers">
      {mayAccept ? (
        <button type="submit" name="decision" value="accept">
          {accept}
        </button>
      ) : null}
      <button type="submit" name="decision" value="deny" formnovalidate>
        {deny}
      </button>
    </div>
  );
}

export function Teams({
  choices,
  chosen,
  words,
}: {
  readonly choices: readonly TeamChoice[];
  readonly chosen: string | null;
  readonly words: Words;
}) {
  const { consent: text } = words;
  const [only, ...others] = choices;
  if (only !== undefined && others.length === 0 && isOffered(only)) {
    return (
      <>
        <input type="hidden" name="team" value={only.teamId} />
        <p>
          {fillWith(text.inTeam, {
            team: (
              <strong>
                <bdi>{only.name}</bdi>
              </strong>
            ),
          })}
        </p>
      </>
    );
  }
  return (
    <fieldset>
      <legend>{text.whichTeam}</legend>
      {choices.map((choice) => (
        <label class="box">
          <input
            type="radio"
            name="team"
            value={choice.teamId}
            checked={choice.teamId === chosen}
            disabled={!isOffered(choice)}
            required
          />
          <span>
            <bdi>{choice.name}</bdi>
            {isOffered(choice) ? null : <span class="help">{whyNot(choice, words)}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function whyNot({ refusal, missing }: TeamChoice, words: Words): string {
  return refusal === null
    ? fill(words.consent.notHeld, { missing: missing.join(", ") })
    : refusedBecause(refusal, words);
}

function refusedBecause({ kind }: Refusal, { consent: text }: Words): string {
  switch (kind) {
    case "team_suspended":
      return text.suspended;
    case "sign_in_method_not_allowed":
      return text.method;
    case "second_factor_required":
      return text.factor;
    case "unknown_credential":
      return text.away;
    default:
      return text.notNow;
  }
}

/** Whose place a redirect URI is; null: an app's on the device. */
function hostOf(redirectUri: string): string | null {
  const [, host] = /^https?:\/\/([^/?#]+)/.exec(redirectUri) ?? [];
  return host ?? null;
}
