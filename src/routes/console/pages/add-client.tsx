import { CLIENT_TYPES, type ClientType } from "../../../domain/client.ts";
import { isRegionCode } from "../../../domain/region.ts";
import {
  BLANK_CLIENT,
  ClientFields,
  clientProblem,
  membersOf,
  readClientDraft,
  type ClientDraft,
  type ShownClient,
} from "../client-form.tsx";
import { regionName } from "../format.ts";
import { Copyable, Once, Problem } from "../parts.tsx";
import type { ShownCatalogue } from "../permission-tree.tsx";
import { readCatalogues } from "../read-catalogues.ts";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import { fill } from "../words/fill.ts";

/** Which of the five types: seed 002's names, and what each is for. */
export const chooseClientPage: TeamPage = {
  path: "/clients/new",
  nav: "clients",
  needs: "EMM.AccessTokens.CREATE",
  async show({ words: { clients: text, frame }, base }) {
    return {
      title: text.chooseTitle,
      content: (
        <>
          <ul class="cards">
            {CLIENT_TYPES.map((type) => (
              <li>
                <h2>{text.types[type]}</h2>
                <p>{text.explained[type]}</p>
                <a
                  class="button quiet"
                  href={`${base}/clients/new/${type}`}
                  aria-label={fill(text.choose, { type: text.types[type] })}
                >
                  {text.chooseShort}
                </a>
              </li>
            ))}
          </ul>
          <a href={`${base}/clients`}>{frame.back}</a>
        </>
      ),
    };
  },
};

/** The form of one type, with exactly its fields, and then the secret, once. */
export const addClientPage: TeamPage = {
  path: "/clients/new/:type",
  nav: "clients",
  needs: "EMM.AccessTokens.CREATE",
  async show(visit) {
    const type = typeOf(visit);
    if (type === null) return { refusal: { kind: "unknown_path" } };
    const catalogues = await readCatalogues(visit);
    if (!catalogues.ok) return { refusal: catalogues.error };
    return formPage(visit, type, catalogues.value, BLANK_CLIENT, null);
  },
  async act(visit, form) {
    const type = typeOf(visit);
    if (type === null) return { refusal: { kind: "unknown_path" } };
    const catalogues = await readCatalogues(visit);
    if (!catalogues.ok) return { refusal: catalogues.error };
    const draft = readClientDraft(form, catalogues.value);
    const again = (problem: string | null) => formPage(visit, type, catalogues.value, draft, problem);
    if (form.get("do") === "summary") return again(null);
    const members = membersOf(type, draft);
    if (!members.ok) return again(visit.words.clients.keysBad);
    const body = { type, ...members.value };
    const made = await visit.api.post("CreatedClient", `${visit.apiPath}/clients`, body);
    if (!made.ok) return again(clientProblem(visit, made.error));
    const { client, client_secret: secret, client_secrets: elsewhere } = made.value.body;
    return secret === null
      ? { redirect: `${visit.base}/clients/${client.id}?created=1` }
      : secretPage(visit, visit.words.clients.createdTitle, client, { secret, elsewhere });
  },
};

function typeOf({ params }: TeamVisit): ClientType | null {
  return CLIENT_TYPES.find((type) => type === params["type"]) ?? null;
}

function formPage(
  visit: TeamVisit,
  type: ClientType,
  catalogues: readonly ShownCatalogue[],
  draft: ClientDraft,
  problem: string | null,
): Outcome {
  const { words, base } = visit;
  const { clients: text } = words;
  return {
    title: fill(text.formTitle, { type: text.types[type] }),
    status: problem === null ? 200 : 400,
    content: (
      <>
        <p class="lead">{text.explained[type]}</p>
        <Problem text={problem} words={words} />
        <form method="post" class="wide-form" data-tree>
          <ClientFields type={type} draft={draft} catalogues={catalogues} visit={visit} isNew />
          <div class="buttons">
            <button type="submit" name="do" value="create">
              {text.create}
            </button>
            <button type="submit" name="do" value="summary" class="quiet" formnovalidate>
              {words.tokens.summaryUpdate}
            </button>
            <a class="button quiet" href={`${base}/clients/new`}>
              {words.frame.back}
            </a>
          </div>
        </form>
      </>
    ),
  };
}

export interface ShownSecrets {
  /** Null: only others are new. */
  readonly secret: string | null;
  /** Those that hold in other regions, by their codes. */
  readonly elsewhere?: Readonly<Record<string, string | null>> | undefined;
}

/** A client's secrets, on this page alone. */
export function secretPage(
  { words, language, base }: TeamVisit,
  title: string,
  client: ShownClient,
  { secret, elsewhere = {} }: ShownSecrets,
  more: string | null = null,
): Outcome {
  const { clients: text } = words;
  const path = `${base}/clients/${client.id}`;
  return {
    title,
    content: (
      <>
        <p>{client.name}</p>
        <div class="fields">
          <Copyable label={text.id} value={client.id} words={words} />
        </div>
        {secret === null ? null : <Once label={text.secret} value={secret} words={words} />}
        {Object.entries(elsewhere).map(([code, value]) =>
          value === null || !isRegionCode(code) ? null : (
            <Once
              label={fill(text.secretIn, { region: regionName(code, language) })}
              value={value}
              words={words}
            />
          ),
        )}
        <p>{text.secretText}</p>
        {more === null ? null : <p>{more}</p>}
        <p class="buttons">
          {client.type === "self" ? (
            <a class="button" href={`${path}/code`}>
              {text.toCode}
            </a>
          ) : null}
          <a class="button quiet" href={path}>
            {text.toClient}
          </a>
        </p>
      </>
    ),
  };
}
