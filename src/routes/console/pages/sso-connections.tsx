import { redirectUriOf } from "../../../operations/start-sso.ts";
import type { AnswerBody } from "../console-api.ts";
import { Confirm, Copyable, Done, Empty, Pager, Table, When } from "../parts.tsx";
import { problemText } from "../problem-text.ts";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import { fill } from "../words/fill.ts";

export type ShownConnection = AnswerBody<"SsoConnection">["sso_connection"];

/** Team > Members > Single sign-on. */
export const ssoConnectionsPage: TeamPage = {
  path: "/sso-connections",
  nav: "members",
  async show(visit) {
    const { api, apiPath, base, words, query, may } = visit;
    const { sso: text } = words;
    const cursor = query.get("cursor");
    const search = cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    const listed = await api.get("SsoConnections", `${apiPath}/sso-connections${search}`);
    if (!listed.ok) return { refusal: listed.error };
    const { sso_connections: connections, next_cursor: next } = listed.value.body;
    const hint = connections.length === 0 ? null : await notAllowedHint(visit);
    return {
      title: text.title,
      content: (
        <>
          <p class="lead">{text.lead}</p>
          <Done text={doneText(visit, connections)} />
          {hint}
          {may("EMM.Members.MANAGE") ? (
            <p>
              <a class="button" href={`${base}/sso-connections/new`}>
                {text.add}
              </a>
            </p>
          ) : null}
          {connections.length === 0 ? (
            <Empty>
              <p>{text.empty}</p>
            </Empty>
          ) : (
            <ConnectionTable connections={connections} visit={visit} />
          )}
          <Pager path={`${base}/sso-connections`} cursor={next} query={query} words={words} />
          <Addresses visit={visit} hasConnection={connections.length > 0} />
        </>
      ),
    };
  },
};

/** A connection alone lets nobody in: the team has to allow the method. */
async function notAllowedHint({ api, apiPath, base, words }: TeamVisit) {
  const { sso: text } = words;
  const shown = await api.get("Security", `${apiPath}/security`);
  if (!shown.ok || shown.value.body.security.sign_in_methods.includes("sso")) return null;
  return (
    <div class="note">
      <p>
        {text.notAllowed} <a href={`${base}/security`}>{text.toSecurity}</a>
      </p>
    </div>
  );
}

function doneText(
  { query, words: { sso: text } }: TeamVisit,
  connections: readonly ShownConnection[],
): string | null {
  const named = (id: string | null) => connections.find((connection) => connection.id === id)?.name;
  const created = named(query.get("created"));
  if (created !== undefined) return fill(text.created, { name: created });
  const saved = named(query.get("saved"));
  if (saved !== undefined) return fill(text.saved, { name: saved });
  return query.has("removed") ? text.removed : null;
}

function ConnectionTable({
  connections,
  visit,
}: {
  readonly connections: readonly ShownConnection[];
  readonly visit: TeamVisit;
}) {
  const { words, language, base, may } = visit;
  const { sso: text } = words;
  const mayEdit = may("EMM.Members.MANAGE");
  const mayRemove = may("EMM.Members.DELETE");
  return (
    <Table
      heads={[text.name, text.domains, text.made, ...(mayEdit || mayRemove ? [words.roles.actions] : [])]}
      rows={connections.map(({ id, name, issuer, allowed_domains: domains, created_at: madeAt }) => [
        <>
          {name}
          <span class="help">{issuer}</span>
        </>,
        domains.join(", "),
        <When at={madeAt} language={language} otherwise="" dayOnly />,
        ...(mayEdit || mayRemove
          ? [
              <span class="buttons">
                {mayEdit ? (
                  <a href={`${base}/sso-connections/${id}`} aria-label={fill(text.editOf, { name })}>
                    {text.edit}
                  </a>
                ) : null}
                {mayRemove ? (
                  <a href={`${base}/sso-connections/${id}/remove`} aria-label={fill(text.removeOf, { name })}>
                    {text.remove}
                  </a>
                ) : null}
              </span>,
            ]
          : []),
      ])}
    />
  );
}

/** What has to be registered at the provider, and where members begin. */
export function Addresses({
  visit: { deps, words, team },
  hasConnection,
}: {
  readonly visit: TeamVisit;
  readonly hasConnection: boolean;
}) {
  const { sso: text } = words;
  return (
    <>
      <h2>{text.atProvider}</h2>
      <div class="fields">
        <p>{text.callbackText}</p>
        <Copyable label={text.callback} value={redirectUriOf(deps)} words={words} />
      </div>
      {hasConnection ? (
        <>
          <h2>{text.forMembers}</h2>
          <div class="fields">
            <p>{text.linkText}</p>
            <Copyable
              label={text.link}
              value={`${deps.origins[deps.region]}/signin?team=${team.slug}`}
              words={words}
            />
          </div>
        </>
      ) : null}
    </>
  );
}

/** Asks before a connection is removed. */
export const removeSsoConnectionPage: TeamPage = {
  path: "/sso-connections/:id/remove",
  nav: "members",
  needs: "EMM.Members.DELETE",
  show: (visit) => confirm(visit, null),
  async act(visit) {
    const removed = await visit.api.delete("SsoConnection", connectionPath(visit));
    return removed.ok
      ? { redirect: `${visit.base}/sso-connections?removed=1` }
      : confirm(visit, problemText(visit, removed.error));
  },
};

export function connectionPath({ apiPath, params }: TeamVisit): string {
  return `${apiPath}/sso-connections/${encodeURIComponent(params["id"] ?? "")}`;
}

async function confirm(visit: TeamVisit, problem: string | null): Promise<Outcome> {
  const { words, base, api } = visit;
  const { sso: text } = words;
  const shown = await api.get("SsoConnection", connectionPath(visit));
  if (!shown.ok) return { refusal: shown.error };
  return {
    title: fill(text.removeTitle, { name: shown.value.body.sso_connection.name }),
    status: problem === null ? 200 : 400,
    content: (
      <Confirm problem={problem} yes={text.removeYes} back={`${base}/sso-connections`} words={words}>
        <p>{text.removeText}</p>
      </Confirm>
    ),
  };
}
