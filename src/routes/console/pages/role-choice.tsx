import type { Refusal } from "../../../domain/refusal.ts";
import { OWNER_ROLE } from "../../../domain/role.ts";
import { ok, type Result } from "../../../domain/result.ts";
import { Field, Select } from "../parts.tsx";
import type { TeamVisit } from "../visit.ts";
import type { ShownRole } from "./roles.tsx";

/** More roles than anybody chooses from. */
const MAX_PAGES = 5;

/** A team's roles, for their names; null: the person may not see them, and nothing was asked. */
export async function readRoles({
  api,
  apiPath,
  may,
}: TeamVisit): Promise<Result<readonly ShownRole[] | null, Refusal>> {
  if (!may("EMM.Roles.VIEW")) return ok(null);
  const roles: ShownRole[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const after: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const listed = await api.get("Roles", `${apiPath}/roles?limit=100${after}`);
    if (!listed.ok) return listed;
    roles.push(...listed.value.body.roles);
    cursor = listed.value.body.next_cursor;
    if (cursor === null) break;
  }
  return ok(roles);
}

/** What a role is called; its id to those who may not see more of it. */
export function roleName({ words }: TeamVisit, roles: readonly ShownRole[] | null, id: string): string {
  if (id === OWNER_ROLE) return words.members.owner;
  return roles?.find((role) => role.id === id)?.name ?? id;
}

/** The roles that hold no more than whoever gives them, least first: an oversight must not choose the most. */
export function givenBy(visit: TeamVisit, roles: readonly ShownRole[]): readonly ShownRole[] {
  const given = roles.filter(({ id, permissions }) =>
    id === OWNER_ROLE ? visit.team.role === OWNER_ROLE : permissions.every((one) => visit.may(one)),
  );
  return given.toSorted((one, other) => one.permissions.length - other.permissions.length);
}

/** Which role somebody gets: one that holds no more than whoever gives it. */
export function RoleChoice({
  visit,
  roles,
  value,
}: {
  readonly visit: TeamVisit;
  readonly roles: readonly ShownRole[] | null;
  readonly value: string;
}) {
  const { members: text } = visit.words;
  if (roles === null) {
    return <Field label={text.role} name="role" value={value} help={text.roleId} required maxlength={100} />;
  }
  return (
    <Select
      label={text.role}
      name="role"
      value={value}
      help={text.roleHelp}
      options={givenBy(visit, roles).map(({ id }) => [id, roleName(visit, roles, id)] as const)}
    />
  );
}
