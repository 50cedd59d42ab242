import type { Child } from "hono/jsx";
import { isRightToLeft, type Language } from "../../domain/language.ts";
import type { Person } from "../../operations/show-person.ts";
import { BrandName, brandName, BrandStyle } from "./brand.tsx";
import { LanguageChoice } from "./language-choice.tsx";
import { teamMenu } from "./menu.ts";
import type { NavKey, VisitedTeam } from "./visit.ts";
import type { Words } from "./words/index.ts";
import { fill } from "./words/fill.ts";

export interface ShellProps {
  readonly title: string;
  readonly language: Language;
  readonly words: Words;
  readonly person: Person;
  readonly team: VisitedTeam | null;
  /** Whether the person holds a permission in that team: the menu offers no page that would be refused. */
  readonly may?: (permission: string) => boolean;
  /** Where in the menu. */
  readonly nav: NavKey | null;
  readonly refreshSeconds?: number | undefined;
  readonly children: Child;
}

const PERSON_MENU: readonly [NavKey, string][] = [
  ["me", "/console/me"],
  ["apps", "/console/me/connected-apps"],
];

/** What every page of a signed-in person stands in: the menu beside it, on a phone above it. */
export function Shell(props: ShellProps) {
  const { title, language, words, team, refreshSeconds, children } = props;
  return (
    <html lang={language} dir={isRightToLeft(language) ? "rtl" : "ltr"}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        {refreshSeconds === undefined ? null : (
          <noscript>
            <meta http-equiv="refresh" content={String(refreshSeconds)} />
          </noscript>
        )}
        <title>{`${title}${team === null ? "" : ` · ${team.name}`} · ${brandName()}`}</title>
        <link rel="icon" href="/console/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/console/style.css" />
        <BrandStyle />
        <script src="/console/console.js" defer></script>
      </head>
      <body class="console">
        <a class="skip" href="#content">
          {words.frame.skip}
        </a>
        <header class="bar">
          <a class="brand" href="/console">
            <span class="coin" aria-hidden="true"></span>
            <BrandName />
          </a>
          {team === null ? null : <span class="where">{team.name}</span>}
          <details class="menu">
            <summary>{words.frame.menu}</summary>
            <Menu {...props} />
          </details>
        </header>
        <nav class="side" aria-label={words.frame.menu}>
          <Menu {...props} />
        </nav>
        <main id="content" data-refresh={refreshSeconds}>
          <h1>{title}</h1>
          {children}
        </main>
      </body>
    </html>
  );
}

function Menu({ words, person, team, may = () => false, nav }: ShellProps) {
  return (
    <>
      {team === null
        ? null
        : teamMenu(may).map(({ heading, entries }) => (
            <Group
              heading={words.frame[heading]}
              entries={entries.map(({ page, path }) => [page, `/console/${team.slug}${path}`])}
              words={words}
              nav={nav}
            />
          ))}
      <Group heading={words.frame.account} entries={PERSON_MENU} words={words} nav={nav} />
      <p class="menu-end">
        <a href="/console">{words.frame.teams}</a>
        <span class="muted">{fill(words.frame.signedInAs, { email: person.email })}</span>
      </p>
      <form method="post" action="/signout">
        <button type="submit" class="quiet">
          {words.frame.signOut}
        </button>
      </form>
      <LanguageChoice words={words} />
    </>
  );
}

function Group({
  heading,
  entries,
  words,
  nav,
}: {
  readonly heading: string;
  readonly entries: readonly (readonly [NavKey, string])[];
  readonly words: Words;
  readonly nav: NavKey | null;
}) {
  return (
    <>
      <p class="menu-heading">{heading}</p>
      <ul>
        {entries.map(([key, href]) => (
          <li>
            <a href={href} aria-current={key === nav ? "page" : undefined}>
              {words.nav[key]}
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}
