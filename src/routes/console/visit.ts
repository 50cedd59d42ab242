import type { Child } from "hono/jsx";
import type { Language } from "../../domain/language.ts";
import type { Refusal } from "../../domain/refusal.ts";
import type { Deps } from "../../operations/deps.ts";
import type { Moment } from "../../operations/moment.ts";
import type { Person } from "../../operations/show-person.ts";
import type { ConsoleApi } from "./console-api.ts";
import type { PageStatus } from "./page.ts";
import type { Words } from "./words/index.ts";

export type VisitedTeam = Person["teams"][number];

/** A signed-in person at a page of the console. */
export interface Visit {
  readonly deps: Deps;
  readonly request: Request;
  readonly moment: Moment;
  readonly person: Person;
  readonly api: ConsoleApi;
  readonly words: Words;
  readonly language: Language;
  /** Of the path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

/** The same at a page of one team. */
export interface TeamVisit extends Visit {
  readonly team: VisitedTeam;
  /** `/v1/teams/{team}` */
  readonly apiPath: string;
  /** `/console/{slug}` */
  readonly base: string;
  /** Whether the person holds a permission in the team: what they may not change is offered to nobody. */
  may(permission: string): boolean;
}

export interface ShownPage {
  readonly title: string;
  readonly content: Child;
  readonly status?: PageStatus;
  /** Seconds until the browser loads the page again: something is under way. */
  readonly refreshSeconds?: number;
  /** Whether a form on it leads to an OpenID provider (see `PageOptions`). */
  readonly leavesByForm?: boolean;
  /** `Set-Cookie` headers. */
  readonly cookies?: readonly string[];
}

/** What the browser saves, in the place of a page. */
export interface DownloadedFile {
  /** Plain, since it stands in a header. */
  readonly name: string;
  readonly type: string;
  readonly text: string;
}

/** What a page shows, or where it sends the browser. */
export type Outcome =
  | ShownPage
  | { readonly redirect: string; readonly cookies?: readonly string[] }
  | { readonly file: DownloadedFile }
  /** The API refused; told in the person's language. */
  | { readonly refusal: Refusal };

/** Where a page stands in the menu. */
export type NavKey = keyof Words["nav"];

/** A page of a team, as data. */
export interface TeamPage {
  /** Below `/console/{slug}`; parameters as `:id`. */
  readonly path: string;
  readonly nav: NavKey;
  /** Without it the page is refused; left out where what the page asks of the API decides. */
  readonly needs?: string;
  show(visit: TeamVisit): Promise<Outcome>;
  /** Takes the form that was posted to the page; from this very origin, that is tested before. */
  act?(visit: TeamVisit, form: URLSearchParams): Promise<Outcome>;
}

/** A page that belongs to the person and to no team. */
export interface PersonPage {
  /** Below `/console/me`. */
  readonly path: string;
  readonly nav: NavKey;
  show(visit: Visit): Promise<Outcome>;
  act?(visit: Visit, form: URLSearchParams): Promise<Outcome>;
}
