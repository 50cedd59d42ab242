import * as v from "valibot";
import { ok } from "../../domain/result.ts";
import { OWNER_ROLE } from "../../domain/role.ts";
import { createRole } from "../../operations/create-role.ts";
import { deleteRole } from "../../operations/delete-role.ts";
import { listRoles } from "../../operations/list-roles.ts";
import { showRole, type Role } from "../../operations/show-role.ts";
import { updateRole, type RoleEdit } from "../../operations/update-role.ts";
import { etagOf, ifMatch } from "./etag.ts";
import { definedMembers, descriptionSchema, nameSchema } from "./fields.ts";
import { PAGE_QUERY, presentPage, readPageRequest } from "./paging.ts";
import { isoTime } from "./present.ts";
import { route, type Answer, type Call, type Route } from "./route.ts";

const MAX_PERMISSIONS = 500;

const permissionList = v.pipe(v.array(v.string()), v.maxLength(MAX_PERMISSIONS));

const createBody = v.strictObject({
  name: nameSchema,
  description: v.optional(descriptionSchema, ""),
  permissions: v.optional(permissionList, []),
  permission_sets: v.optional(permissionList, []),
});

const updateBody = v.strictObject({
  name: v.optional(nameSchema),
  description: v.optional(descriptionSchema),
  permissions: v.optional(permissionList),
  permission_sets: v.optional(permissionList),
});

const ROLES = "/v1/teams/{team}/roles";

export const roleRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: ROLES,
    summary: "Create a role, which confers no more than its maker holds.",
    access: { kind: "team", permission: "EMM.Roles.MANAGE" },
    body: createBody,
    idempotent: true,
    answers: { status: 201, body: "CreatedRole" },
    handle: async ({ deps, params, body, actor, moment, keepAnswer }) => {
      const { name, description, permissions, permission_sets: permissionSets } = body;
      const request = { name, description, permissions, permissionSets };
      const keep = keepAnswer(201, (role: Role) => ({ role: presentRole(role) }));
      const created = await createRole(deps, params["team"] ?? "", request, actor, moment, keep);
      return created.ok ? ok(answer(201, created.value)) : created;
    },
  }),
  route({
    method: "GET",
    path: ROLES,
    summary: "List a team's roles: the built-in one, then its own, newest first.",
    access: { kind: "team", permission: "EMM.Roles.VIEW" },
    query: PAGE_QUERY,
    answers: { status: 200, body: "Roles" },
    handle: async ({ deps, params, query, moment }) => {
      const page = readRolePage(query);
      if (!page.ok) return page;
      const listed = await listRoles(deps, params["team"] ?? "", page.value, moment);
      return listed.ok ? ok({ status: 200, body: presentPage("roles", listed.value, presentRole) }) : listed;
    },
  }),
  route({
    method: "GET",
    path: `${ROLES}/{id}`,
    summary: "Show a role and what it confers.",
    access: { kind: "team", permission: "EMM.Roles.VIEW" },
    answers: { status: 200, body: "Role" },
    handle: async ({ deps, params, moment }) => {
      const role = await showRole(deps, idsOf(params), moment);
      return role.ok ? ok(answer(200, role.value)) : role;
    },
  }),
  route({
    method: "PATCH",
    path: `${ROLES}/{id}`,
    summary: "Change a role; what its members may do changes at once.",
    access: { kind: "team", permission: "EMM.Roles.MANAGE" },
    body: updateBody,
    answers: { status: 200, body: "Role" },
    handle: async ({ deps, params, body, actor, moment, request }) => {
      const role = await updateRole(deps, idsOf(params), editOf(body), ifMatch(request), actor, moment);
      return role.ok ? ok(answer(200, role.value)) : role;
    },
  }),
  route({
    method: "DELETE",
    path: `${ROLES}/{id}`,
    summary: "Delete a role that nobody has.",
    access: { kind: "team", permission: "EMM.Roles.DELETE" },
    answers: { status: 200, body: "Role" },
    refuses: [409, 412],
    handle: async ({ deps, params, actor, request }) => {
      const role = await deleteRole(deps, idsOf(params), ifMatch(request), actor);
      return role.ok ? ok({ status: 200, body: { role: presentRole(role.value) } }) : role;
    },
  }),
];

/** The built-in role stands first, so its id is where the rest goes on. */
function readRolePage(query: URLSearchParams): ReturnType<typeof readPageRequest> {
  if (query.get("cursor") !== OWNER_ROLE) return readPageRequest(query, "rol");
  const others = new URLSearchParams(query);
  others.delete("cursor");
  const page = readPageRequest(others, "rol");
  return page.ok ? ok({ ...page.value, cursor: OWNER_ROLE }) : page;
}

function idsOf(params: Call["params"]): { teamId: string; id: string } {
  return { teamId: params["team"] ?? "", id: params["id"] ?? "" };
}

/** Permissions and sets are two ways to write one list: whoever writes either writes all of it. */
function editOf(body: v.InferOutput<typeof updateBody>): RoleEdit {
  const { permissions, permission_sets: permissionSets, ...rest } = body;
  const edit = definedMembers(rest);
  if (permissions === undefined && permissionSets === undefined) return edit;
  return { ...edit, written: { permissions: permissions ?? [], permissionSets: permissionSets ?? [] } };
}

function answer(status: number, role: Role): Answer {
  return { status, body: { role: presentRole(role) }, headers: { ETag: etagOf(role) } };
}

function presentRole(role: Role) {
  return {
    id: role.id,
    name: role.name,
    description: role.description,
    permissions: role.permissions,
    members: role.memberCount,
    created_at: isoTime(role.createdAt),
    updated_at: isoTime(role.updatedAt),
    built_in: role.builtIn,
  };
}
