import type { Refusal } from "../../../domain/refusal.ts";
import { err, ok, type Result } from "../../../domain/result.ts";
import type { ShownClient } from "../client-form.tsx";
import { Confirm, Done, Empty, Pager, Table, When } from "../parts.tsx";
import { problemText } from "../problem-text.ts";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import { fill } from "../words/fill.ts";

/** Developers > Clients (contract, section 11). */
export const clientsPage: TeamPage = {
  path: "/clients",
  nav: "clients",
  async show(visit) {
    const { api, apiPath, base, words, language, query, may } = visit;
    const { clients: text } = words;
    const cursor = query.get("cursor");
    const search = cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    const listed = await api.get("Clients", `${apiPath}/clients${search}`);
    if (!listed.ok) return { refusal: listed.error };
    const { clients, next_cursor: next } = listed.value.body;
    return {
      title: text.title,
      content: (
        <>
          <p class="lead">{text.lead}</p>
          <Done text={query.has("removed") ? text.removed : null} />
          {may("EMM.AccessTokens.CREATE") ? (
            <p>
              <a class="button" href={`${base}/clients/new`}>
                {text.add}
              </a>
            </p>
          ) : null}
          {clients.length === 0 ? (
            <Empty>
              <p>{text.empty}</p>
            </Empty>
          ) : (
            <Table
              heads={[text.name, text.type, text.id, text.made]}
              rows={clients.map(({ id, name, type, created_at: made }) => [
                <a href={`${base}/clients/${id}`}>{name}</a>,
                <span class="whole">{text.types[type]}</span>,
                <code class="id">{id}</code>,
                <When at={made} language={language} otherwise="" dayOnly />,
              ])}
            />
          )}
          <Pager path={`${base}/clients`} cursor={next} query={query} words={words} />
        </>
      ),
    };
  },
};

export function clientPath({ apiPath, params }: TeamVisit): string {
  return `${apiPath}/clients/${encodeURIComponent(params["id"] ?? "")}`;
}

export interface FoundClient {
  readonly client: ShownClient;
  readonly etag: string;
  /** Whether the person holds all that it can be granted: others change nothing of it (contract, section 3). */
  readonly isReached: boolean;
}

export async function findClient(visit: TeamVisit): Promise<Result<FoundClient, Refusal>> {
  const shown = await visit.api.get("Client", clientPath(visit));
  if (!shown.ok) return err(shown.error);
  const { client } = shown.value.body;
  return ok({ client, etag: shown.value.etag ?? "", isReached: client.permissions.every(visit.may) });
}

/** To whoever may change clients, but not this one. */
export function beyondPage({ words, base }: TeamVisit, { id, name }: ShownClient): Outcome {
  return {
    title: name,
    status: 403,
    content: (
      <>
        <p class="note">{words.clients.beyond}</p>
        <a class="button quiet" href={`${base}/clients/${id}`}>
          {words.frame.back}
        </a>
      </>
    ),
  };
}

/** Asks before a client goes, with all that it was given. */
export const deleteClientPage: TeamPage = {
  path: "/clients/:id/delete",
  nav: "clients",
  needs: "EMM.AccessTokens.DELETE",
  show: (visit) => confirm(visit, null),
  async act(visit) {
    const deleted = await visit.api.delete("DeletedClient", clientPath(visit));
    return deleted.ok
      ? { redirect: `${visit.base}/clients?removed=1` }
      : confirm(visit, problemText(visit, deleted.error));
  },
};

async function confirm(visit: TeamVisit, problem: string | null): Promise<Outcome> {
  const { words, base } = visit;
  const { clients: text } = words;
  const found = await findClient(visit);
  if (!found.ok) return { refusal: found.error };
  const { id, name } = found.value.client;
  return {
    title: fill(text.removeTitle, { name }),
    status: problem === null ? 200 : 400,
    content: (
      <Confirm problem={problem} yes={text.removeYes} back={`${base}/clients/${id}`} words={words}>
        <p>{text.removeText}</p>
        <ul>
          {text.removeEffects.map((effect) => (
            <li>{effect}</li>
          ))}
        </ul>
      </Confirm>
    ),
  };
}
