import type { Refusal } from "../../../domain/refusal.ts";
import { ok, type Result } from "../../../domain/result.ts";
import {
  ClientFields,
  clientProblem,
  draftOf,
  membersOf,
  readClientDraft,
  type ClientDraft,
} from "../client-form.tsx";
import { Meanwhile, Problem } from "../parts.tsx";
import type { ShownCatalogue } from "../permission-tree.tsx";
import { readCatalogues } from "../read-catalogues.ts";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import { fill } from "../words/fill.ts";
import { secretPage } from "./add-client.tsx";
import { beyondPage, clientPath, findClient, type FoundClient } from "./clients.tsx";

interface Around extends FoundClient {
  readonly catalogues: readonly ShownCatalogue[];
}

interface Again {
  readonly problem?: string;
  readonly isConflict?: boolean;
}

/** A client's fields; its type stays what it is. */
export const editClientPage: TeamPage = {
  path: "/clients/:id/edit",
  nav: "clients",
  needs: "EMM.AccessTokens.CREATE",
  async show(visit) {
    const around = await readAround(visit);
    if (!around.ok) return { refusal: around.error };
    const { client, isReached } = around.value;
    return isReached ? formPage(visit, around.value, draftOf(client)) : beyondPage(visit, client);
  },
  async act(visit, form) {
    const around = await readAround(visit);
    if (!around.ok) return { refusal: around.error };
    const { client, catalogues, isReached } = around.value;
    if (!isReached) return beyondPage(visit, client);
    const draft = readClientDraft(form, catalogues);
    const etag = form.get("etag") ?? "";
    // What somebody else has changed meanwhile is not shown yet, so that saving still has to tell it.
    const asSeen = { ...around.value, etag };
    if (form.get("do") === "summary") return formPage(visit, asSeen, draft);
    const members = membersOf(client.type, draft, client);
    if (!members.ok) return formPage(visit, asSeen, draft, { problem: visit.words.clients.keysBad });
    const saved = await visit.api.patch("ChangedClient", clientPath(visit), members.value, etag);
    if (saved.ok) {
      const { client_secrets: elsewhere } = saved.value.body;
      return elsewhere === undefined
        ? { redirect: `${visit.base}/clients/${client.id}?saved=1` }
        : secretPage(visit, fill(visit.words.clients.saved, client), client, { secret: null, elsewhere });
    }
    return saved.error.kind === "precondition_failed"
      ? formPage(visit, around.value, draft, { isConflict: true })
      : formPage(visit, asSeen, draft, { problem: clientProblem(visit, saved.error) });
  },
};

async function readAround(visit: TeamVisit): Promise<Result<Around, Refusal>> {
  const [catalogues, found] = await Promise.all([readCatalogues(visit), findClient(visit)]);
  if (!catalogues.ok) return catalogues;
  return found.ok ? ok({ ...found.value, catalogues: catalogues.value }) : found;
}

function formPage(
  visit: TeamVisit,
  { client, etag, catalogues }: Around,
  draft: ClientDraft,
  { problem, isConflict = false }: Again = {},
): Outcome {
  const { words, base } = visit;
  const { clients: text } = words;
  const now = draftOf(client);
  const back = `${base}/clients/${client.id}`;
  return {
    title: fill(text.editTitle, { name: client.name }),
    status: isConflict ? 412 : problem === undefined ? 200 : 400,
    content: (
      <>
        <p class="lead">{text.editHelp}</p>
        <Problem text={problem ?? null} words={words} />
        <Meanwhile
          differing={
            isConflict
              ? [
                  [text.name, draft.name, now.name],
                  [text.homepage, draft.homepage, now.homepage],
                  [text.redirects, draft.redirects, now.redirects],
                  [text.origins, draft.origins, now.origins],
                  [text.keysLabel, draft.keys, now.keys],
                  [text.regions, [...draft.regions].join(", "), [...now.regions].join(", ")],
                  [text.rights, [...draft.chosen].sort().join(", "), client.permissions.join(", ")],
                ]
              : null
          }
          words={words}
        />
        <form method="post" class="wide-form" data-tree>
          <input type="hidden" name="etag" value={etag} />
          <ClientFields
            type={client.type}
            draft={draft}
            catalogues={catalogues}
            visit={visit}
            isNew={false}
          />
          <div class="buttons">
            <button type="submit" name="do" value="save">
              {words.frame.save}
            </button>
            <button type="submit" name="do" value="summary" class="quiet" formnovalidate>
              {words.tokens.summaryUpdate}
            </button>
            <a class="button quiet" href={back}>
              {words.frame.cancel}
            </a>
          </div>
        </form>
      </>
    ),
  };
}
