import type { ClientRow } from "../../store/client-authentication.ts";
import { hashCredential } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import type { Moment } from "../moment.ts";
import type { Consenter } from "./list-places.ts";
import { scopesInWords, type ScopeInWords } from "./scopes-in-words.ts";
import { isOffered, type TeamChoice } from "./weigh-places.ts";

/** Why a decision did not count. */
export type ConsentProblem = "not_decided" | "no_team_chosen" | "shown_otherwise";

/** What a person is shown before they allow something. */
export interface ConsentView {
  readonly appName: string;
  readonly homepageUrl: string | null;
  readonly email: string;
  readonly choices: readonly TeamChoice[];
  /** The one that is as good as chosen; null: none is. */
  readonly chosen: string | null;
  readonly scopes: readonly ScopeInWords[];
  /** `more`: on top of what was allowed before, which stays as long as it did. */
  readonly lasts: "online" | "offline" | "more";
  readonly redirectUri: string;
  /** Comes back with the decision: by it one knows that this, and nothing else, was agreed to. */
  readonly shown: string;
  readonly problem: ConsentProblem | null;
}

export interface Asked {
  readonly client: ClientRow;
  readonly redirectUri: string;
  readonly permissions: readonly string[];
  readonly lasts: ConsentView["lasts"];
}

export async function consentView(
  deps: Deps,
  asked: Asked,
  person: Consenter,
  choices: readonly TeamChoice[],
  problem: ConsentProblem | null,
  moment: Moment,
): Promise<ConsentView> {
  const { client, redirectUri, permissions, lasts } = asked;
  const offered = choices.filter(isOffered);
  const [only] = offered;
  return {
    appName: client.name,
    homepageUrl: client.homepageUrl,
    email: person.email,
    choices,
    chosen: offered.length === 1 && only !== undefined ? only.teamId : null,
    scopes: await scopesInWords(deps, permissions, moment),
    lasts,
    redirectUri,
    shown: digestOf(asked, person),
    problem,
  };
}

/** What a person sees and would not want to be exchanged under their hand: who they are, and what it is. */
export function digestOf({ client, redirectUri, permissions, lasts }: Asked, { userId }: Consenter): string {
  return hashCredential(JSON.stringify([userId, client.id, client.name, redirectUri, permissions, lasts]));
}

/** A decision as the page sends it. */
export interface Decision {
  readonly decision: "accept" | "deny" | null;
  readonly team: string | null;
  readonly shown: string | null;
}

/** The team in which something is accepted; otherwise what is wrong with the decision. */
export function acceptedTeam(
  asked: Asked,
  person: Consenter,
  choices: readonly TeamChoice[],
  { decision, team, shown }: Decision,
): { readonly teamId: string } | { readonly problem: ConsentProblem } {
  if (decision !== "accept") return { problem: "not_decided" };
  if (shown !== digestOf(asked, person)) return { problem: "shown_otherwise" };
  const choice = choices.find(({ teamId }) => teamId === team);
  return choice !== undefined && isOffered(choice)
    ? { teamId: choice.teamId }
    : { problem: "no_team_chosen" };
}
