import type { Refusal } from "../../../domain/refusal.ts";
import { ok, type Result } from "../../../domain/result.ts";
import { Field, Meanwhile, Problem } from "../parts.tsx";
import { PermissionTree, readTree, Summary, withLower, type ShownCatalogue } from "../permission-tree.tsx";
import { problemText } from "../problem-text.ts";
import { readCatalogues } from "../read-catalogues.ts";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import { rolePath, type ShownRole } from "./roles.tsx";

interface Draft {
  readonly name: string;
  readonly description: string;
  readonly chosen: ReadonlySet<string>;
}

interface Around {
  readonly catalogues: readonly ShownCatalogue[];
  readonly problem?: string | null;
  /** Of the role as it is now; left out for one that is yet to be made. */
  readonly current?: { readonly role: ShownRole; readonly etag: string };
  readonly isConflict?: boolean;
}

const NO_RIGHTS: ReadonlySet<string> = new Set();

/** The form of a role that is yet to be made. */
export const addRolePage: TeamPage = {
  path: "/roles/new",
  nav: "roles",
  needs: "EMM.Roles.MANAGE",
  async show(visit) {
    const catalogues = await readCatalogues(visit);
    if (!catalogues.ok) return { refusal: catalogues.error };
    const blank = { name: "", description: "", chosen: NO_RIGHTS };
    return formPage(visit, blank, { catalogues: catalogues.value });
  },
  async act(visit, form) {
    const catalogues = await readCatalogues(visit);
    if (!catalogues.ok) return { refusal: catalogues.error };
    const draft = readDraft(form, catalogues.value);
    const around = { catalogues: catalogues.value };
    if (form.get("do") === "summary") return formPage(visit, draft, around);
    const made = await visit.api.post("CreatedRole", `${visit.apiPath}/roles`, requestOf(draft));
    if (made.ok) return { redirect: `${visit.base}/roles?created=${made.value.body.role.id}` };
    return formPage(visit, draft, { ...around, problem: problemOf(visit, made.error) });
  },
};

/** A role as it is: to be changed by those who may, to be read by those who may see it. */
export const editRolePage: TeamPage = {
  path: "/roles/:id",
  nav: "roles",
  async show(visit) {
    const around = await readAround(visit);
    if (!around.ok) return { refusal: around.error };
    const { role } = around.value.current;
    if (role.built_in || !visit.may("EMM.Roles.MANAGE")) return readOnlyPage(visit, around.value);
    const draft = { ...role, chosen: new Set(role.permissions) };
    return formPage(visit, draft, around.value);
  },
  async act(visit, form) {
    const around = await readAround(visit);
    if (!around.ok) return { refusal: around.error };
    const draft = readDraft(form, around.value.catalogues);
    const etag = form.get("etag") ?? "";
    // What somebody else has changed meanwhile is not shown yet, so that saving still has to tell it.
    const asSeen = { ...around.value, current: { ...around.value.current, etag } };
    if (form.get("do") === "summary") return formPage(visit, draft, asSeen);
    const saved = await visit.api.patch("Role", rolePath(visit), requestOf(draft), etag);
    if (saved.ok) return { redirect: `${visit.base}/roles?saved=${saved.value.body.role.id}` };
    if (saved.error.kind === "precondition_failed") {
      return formPage(visit, draft, { ...around.value, isConflict: true });
    }
    return formPage(visit, draft, { ...asSeen, problem: problemOf(visit, saved.error) });
  },
};

async function readAround(
  visit: TeamVisit,
): Promise<Result<Around & Required<Pick<Around, "current">>, Refusal>> {
  const [catalogues, shown] = await Promise.all([
    readCatalogues(visit),
    visit.api.get("Role", rolePath(visit)),
  ]);
  if (!catalogues.ok) return catalogues;
  if (!shown.ok) return shown;
  const { body, etag } = shown.value;
  return ok({ catalogues: catalogues.value, current: { role: body.role, etag: etag ?? "" } });
}

function readDraft(form: URLSearchParams, catalogues: readonly ShownCatalogue[]): Draft {
  return {
    name: form.get("name") ?? "",
    description: form.get("description") ?? "",
    chosen: withLower(catalogues, readTree(form)),
  };
}

function requestOf({ name, description, chosen }: Draft) {
  return { name, description, permissions: [...chosen] };
}

function problemOf(visit: TeamVisit, refusal: Refusal): string {
  const { roles: text } = visit.words;
  const labels = { name: text.name, description: text.description, permissions: text.rights };
  return problemText(visit, refusal, labels);
}

function readOnlyPage({ words, base }: TeamVisit, { catalogues, current }: Around): Outcome {
  const { roles: text } = words;
  const role = current?.role;
  return {
    title: role?.built_in ? words.members.owner : (role?.name ?? ""),
    content: (
      <>
        <p class="lead">{role?.built_in ? text.builtInText : role?.description}</p>
        <Summary catalogues={catalogues} chosen={new Set(role?.permissions)} words={words} texts={text} />
        <a class="button quiet" href={`${base}/roles`}>
          {words.frame.back}
        </a>
      </>
    ),
  };
}

function formPage({ words, team, base }: TeamVisit, draft: Draft, around: Around): Outcome {
  const { roles: text } = words;
  const { catalogues, problem = null, current, isConflict = false } = around;
  const role = current?.role;
  return {
    title: role?.name ?? text.newTitle,
    status: isConflict ? 412 : problem === null ? 200 : 400,
    content: (
      <>
        <div class="note">
          <p>{text.warning}</p>
          <p>{text.beyond}</p>
          {role === undefined ? null : <p>{role.id === team.role ? text.own : text.change}</p>}
        </div>
        <Problem text={problem} words={words} />
        <Meanwhile
          differing={
            isConflict && role !== undefined
              ? [
                  [text.name, draft.name, role.name],
                  [text.description, draft.description, role.description],
                  [text.rights, [...draft.chosen].sort().join(", "), role.permissions.join(", ")],
                ]
              : null
          }
          words={words}
        />
        <form method="post" class="wide-form" data-tree>
          {current === undefined ? null : <input type="hidden" name="etag" value={current.etag} />}
          <div class="pair">
            <Field label={text.name} name="name" value={draft.name} required maxlength={100} />
            <Field label={text.description} name="description" value={draft.description} maxlength={500} />
          </div>
          <PermissionTree
            catalogues={catalogues}
            chosen={draft.chosen}
            words={words}
            label={text.tree}
            open
          />
          <Summary catalogues={catalogues} chosen={draft.chosen} words={words} texts={text} />
          <div class="buttons">
            <button type="submit" name="do" value="save">
              {role === undefined ? text.create : words.frame.save}
            </button>
            <button type="submit" name="do" value="summary" class="quiet" formnovalidate>
              {words.tokens.summaryUpdate}
            </button>
            <a class="button quiet" href={`${base}/roles`}>
              {words.frame.cancel}
            </a>
          </div>
        </form>
      </>
    ),
  };
}
