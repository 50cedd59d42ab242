import type { Language } from "../../domain/language.ts";
import { exceeding } from "../../domain/permission.ts";
import type { Refusal } from "../../domain/refusal.ts";
import type { ConnectableSso } from "../../operations/offer-sso.ts";
import type { Home, TeamAtHome } from "../../operations/show-home.ts";
import { teamMenu } from "./menu.ts";
import { Empty } from "./parts.tsx";
import { Shell } from "./shell.tsx";
import type { Words } from "./words/index.ts";
import { fill } from "./words/fill.ts";

/** What a person sees first: their teams, and the ways into each that their role opens. */
export function HomePage({
  home: { person, teams, connectable },
  words,
  language,
}: {
  readonly home: Home;
  readonly words: Words;
  readonly language: Language;
}) {
  const { home: text } = words;
  return (
    <Shell title={text.title} language={language} words={words} person={person} team={null} nav={null}>
      {teams.length === 0 ? (
        <Empty>
          <p>{text.empty}</p>
        </Empty>
      ) : (
        <ul class="cards">
          {teams.map((team) => (
            <TeamCard team={team} words={words} />
          ))}
        </ul>
      )}
      {connectable.length === 0 ? null : <Connections connectable={connectable} words={words} />}
    </Shell>
  );
}

function TeamCard({ team, words }: { readonly team: TeamAtHome; readonly words: Words }) {
  const { name, slug, roleName, holder, refusal } = team;
  const { home: text } = words;
  const pages =
    holder === null
      ? []
      : teamMenu((needed) => exceeding(holder, [needed]).length === 0).flatMap(({ entries }) => entries);
  return (
    <li>
      <h2>{name}</h2>
      <p class="muted">{fill(text.role, { role: roleName ?? text.owner })}</p>
      {pages.length === 0 ? <p>{whyNot(refusal, words)}</p> : null}
      {pages.length === 0 ? null : (
        <ul class="ways" aria-label={fill(text.pages, { team: name })}>
          {pages.map(({ page, path }) => (
            <li>
              <a href={`/console/${slug}${path}`}>{words.nav[page]}</a>
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

function whyNot(refusal: Refusal | null, { home: text }: Words): string {
  switch (refusal?.kind) {
    case "sign_in_method_not_allowed":
      return text.method;
    case "second_factor_required":
      return text.factor;
    case "team_suspended":
      return text.suspended;
    default:
      return text.nothing;
  }
}

function Connections({
  connectable,
  words: { home: text },
}: {
  readonly connectable: readonly ConnectableSso[];
  readonly words: Words;
}) {
  return (
    <section>
      <h2>{text.sso}</h2>
      {connectable.map(({ id, name, team, isConnected }) =>
        isConnected ? (
          <p>{fill(text.connected, { name, team })}</p>
        ) : (
          <form method="post" action="/signin/sso">
            <input type="hidden" name="connection" value={id} />
            <input type="hidden" name="link" value="1" />
            <button type="submit" class="quiet">
              {fill(text.connect, { name, team })}
            </button>
          </form>
        ),
      )}
    </section>
  );
}
