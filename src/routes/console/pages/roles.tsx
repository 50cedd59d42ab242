import type { AnswerBody } from "../console-api.ts";
import { formatNumber } from "../format.ts";
import { Confirm, Done, Empty, Pager, Table } from "../parts.tsx";
import { problemText } from "../problem-text.ts";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import { fill } from "../words/fill.ts";

export type ShownRole = AnswerBody<"Role">["role"];

/** Team > Roles: what members can hold. */
export const rolesPage: TeamPage = {
  path: "/roles",
  nav: "roles",
  async show(visit) {
    const { api, apiPath, base, words, query, may } = visit;
    const { roles: text } = words;
    const cursor = query.get("cursor");
    const search = cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    const listed = await api.get("Roles", `${apiPath}/roles${search}`);
    if (!listed.ok) return { refusal: listed.error };
    const { roles, next_cursor: next } = listed.value.body;
    return {
      title: text.title,
      content: (
        <>
          <p class="lead">{text.lead}</p>
          <Done text={doneText(visit, roles)} />
          {may("EMM.Roles.MANAGE") ? (
            <p>
              <a class="button" href={`${base}/roles/new`}>
                {text.add}
              </a>
            </p>
          ) : null}
          <RoleTable roles={roles} visit={visit} />
          {roles.length === 1 && roles[0]?.built_in ? (
            <Empty>
              <p>{text.empty}</p>
            </Empty>
          ) : null}
          <Pager path={`${base}/roles`} cursor={next} query={query} words={words} />
        </>
      ),
    };
  },
};

/** What the page before has done, by its own word and a role that is there. */
function doneText({ query, words: { roles: text } }: TeamVisit, roles: readonly ShownRole[]): string | null {
  const named = (id: string | null) => roles.find((role) => role.id === id)?.name;
  const created = named(query.get("created"));
  if (created !== undefined) return fill(text.created, { name: created });
  const saved = named(query.get("saved"));
  if (saved !== undefined) return fill(text.saved, { name: saved });
  return query.has("deleted") ? text.deleted : null;
}

function RoleTable({ roles, visit }: { readonly roles: readonly ShownRole[]; readonly visit: TeamVisit }) {
  const { words, language, base, may } = visit;
  const { roles: text } = words;
  const mayEdit = may("EMM.Roles.MANAGE");
  const mayDelete = may("EMM.Roles.DELETE");
  return (
    <Table
      heads={[text.name, text.members, text.rights, text.actions]}
      rows={roles.map((role) => {
        const { id, description, built_in: isBuiltIn } = role;
        const name = isBuiltIn ? words.members.owner : role.name;
        const canEdit = mayEdit && !isBuiltIn;
        return [
          <>
            {name} {isBuiltIn ? <span class="tag">{text.builtIn}</span> : null}
            {isBuiltIn ? <span class="help">{text.builtInText}</span> : null}
            {isBuiltIn || description === "" ? null : <span class="help">{description}</span>}
          </>,
          formatNumber(role.members, language),
          formatNumber(role.permissions.length, language),
          <span class="buttons">
            <a
              href={`${base}/roles/${id}`}
              aria-label={canEdit ? fill(text.editOf, { name }) : fill(text.viewOf, { name })}
            >
              {canEdit ? text.edit : text.view}
            </a>
            {mayDelete && !isBuiltIn ? (
              <a href={`${base}/roles/${id}/delete`} aria-label={fill(text.deleteOf, { name })}>
                {text.delete}
              </a>
            ) : null}
          </span>,
        ];
      })}
    />
  );
}

/** Asks before a role that nobody has is deleted. */
export const deleteRolePage: TeamPage = {
  path: "/roles/:id/delete",
  nav: "roles",
  needs: "EMM.Roles.DELETE",
  show: (visit) => confirm(visit, null),
  async act(visit) {
    const deleted = await visit.api.delete("Role", rolePath(visit));
    return deleted.ok
      ? { redirect: `${visit.base}/roles?deleted=1` }
      : confirm(visit, problemText(visit, deleted.error));
  },
};

export function rolePath({ apiPath, params }: TeamVisit): string {
  return `${apiPath}/roles/${encodeURIComponent(params["id"] ?? "")}`;
}

async function confirm(visit: TeamVisit, problem: string | null): Promise<Outcome> {
  const { api, words, base, language } = visit;
  const { roles: text } = words;
  const shown = await api.get("Role", rolePath(visit));
  if (!shown.ok) return { refusal: shown.error };
  const { role } = shown.value.body;
  const back = `${base}/roles`;
  if (role.built_in || role.members > 0) {
    return {
      title: fill(text.deleteTitle, { name: role.name }),
      status: problem === null ? 200 : 409,
      content: (
        <>
          <p>
            {role.built_in
              ? text.builtInText
              : fill(text.inUse, { count: formatNumber(role.members, language) })}
          </p>
          <a class="button quiet" href={back}>
            {words.frame.back}
          </a>
        </>
      ),
    };
  }
  return {
    title: fill(text.deleteTitle, { name: role.name }),
    status: problem === null ? 200 : 400,
    content: (
      <Confirm problem={problem} yes={text.deleteYes} back={back} words={words}>
        <p>{text.deleteText}</p>
      </Confirm>
    ),
  };
}
