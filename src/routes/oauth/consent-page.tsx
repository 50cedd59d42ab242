import { isWebPage } from "../../domain/redirect-uri.ts";
import type { Refusal } from "../../domain/refusal.ts";
import type { ConsentProblem, ConsentView } from "../../operations/oauth/consent-view.ts";
import { isOffered, type TeamChoice } from "../../operations/oauth/weigh-places.ts";
import { Layout } from "../console/layout.tsx";
import { ScopeList } from "./scope-list.tsx";

export interface ConsentPageProps {
  readonly view: ConsentView;
  /** Where the decision is sent. */
  readonly action: string;
  readonly signIn: string;
}

/** What an application asks for, and whether it gets it (contract, section 11). */
export function ConsentPage({ view, action, signIn }: ConsentPageProps) {
  const { appName, email, choices, chosen, scopes, lasts, redirectUri, shown, problem } = view;
  return (
    <Layout title={lasts === "more" ? "Allow more access?" : "Allow access?"}>
      {problem === null ? null : (
        <p class="alarm" role="alert">
          {textOf(problem)}
        </p>
      )}
      <p>
        {/* A name may be written in any direction, and must not turn ours around. */}
        <strong>
          <bdi>{appName}</bdi>
        </strong>{" "}
        {lasts === "more" ? "asks to be able to do more for you:" : "asks to be able to do this for you:"}
      </p>
      <Homepage url={view.homepageUrl} />
      <ScopeList scopes={scopes} />
      <p>{durationOf(lasts)}</p>
      <form method="post" action={action}>
        <input type="hidden" name="shown" value={shown} />
        <Teams choices={choices} chosen={chosen} />
        <p class="muted">
          Either answer brings you to <bdi>{placeOf(redirectUri)}</bdi>.
        </p>
        <div class="answers">
          {choices.some(isOffered) ? (
            <button type="submit" name="decision" value="accept">
              Accept
            </button>
          ) : null}
          <button type="submit" name="decision" value="deny" formnovalidate>
            Deny
          </button>
        </div>
      </form>
      <p class="muted">
        Signed in as {email}. <a href={signIn}>Sign in otherwise</a>
      </p>
    </Layout>
  );
}

export function Homepage({ url }: { readonly url: string | null }) {
  if (url === null || !isWebPage(url)) return null;
  return (
    <p>
      <a href={url} rel="noopener noreferrer" target="_blank">
        {url}
      </a>
    </p>
  );
}

export function Teams({
  choices,
  chosen,
}: {
  readonly choices: readonly TeamChoice[];
  readonly chosen: string | null;
}) {
  const [only, ...others] = choices;
  if (only !== undefined && others.length === 0 && isOffered(only)) {
    return (
      <>
        <input type="hidden" name="team" value={only.teamId} />
        <p>
          In the team <strong>{only.name}</strong>.
        </p>
      </>
    );
  }
  return (
    <fieldset>
      <legend>In which team?</legend>
      {choices.map((choice) => (
        <label class="choice">
          <input
            type="radio"
            name="team"
            value={choice.teamId}
            checked={choice.teamId === chosen}
            disabled={!isOffered(choice)}
            required
          />
          <span>
            {choice.name}
            {isOffered(choice) ? null : <span class="muted"> {whyNot(choice)}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function whyNot({ refusal, missing }: TeamChoice): string {
  return refusal === null ? `You do not hold there: ${missing.join(", ")}.` : refusedBecause(refusal);
}

function refusedBecause({ kind }: Refusal): string {
  switch (kind) {
    case "team_suspended":
      return "This team is suspended.";
    case "sign_in_method_not_allowed":
      return "This team wants you to sign in another way.";
    case "second_factor_required":
      return "This team wants you to sign in with a second factor.";
    case "unknown_credential":
      return "You were away for longer than this team allows. Sign in again.";
    default:
      return "You cannot act in this team at the moment.";
  }
}

export function durationOf(lasts: ConsentView["lasts"]): string {
  switch (lasts) {
    case "online":
      return "Only now: it does not get the means to go on without asking here again.";
    case "offline":
      return "Also while you are away, until you take it back under Connected apps.";
    case "more":
      return "In addition to what you allowed it before, and for as long as that.";
  }
}

function textOf(problem: ConsentProblem): string {
  switch (problem) {
    case "not_decided":
      return "That was neither yes nor no. Choose one.";
    case "no_team_chosen":
      return "Choose a team in which this is to hold.";
    case "shown_otherwise":
      return "Something has changed since this page was shown. Look at it again.";
  }
}

/** Whose place a redirect URI is: a host, or an app on the device. */
function placeOf(redirectUri: string): string {
  const [, host] = /^https?:\/\/([^/?#]+)/.exec(redirectUri) ?? [];
  return host ?? "an app on this device";
}
