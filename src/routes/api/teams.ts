import * as v from "valibot";
import { readBrand } from "../../domain/brand.ts";
import { err, ok } from "../../domain/result.ts";
import { PLAN_NAMES } from "../../domain/plan.ts";
import { createTeam, type CreatedTeam } from "../../operations/create-team.ts";
import { listTeams } from "../../operations/list-teams.ts";
import { showTeam } from "../../operations/show-team.ts";
import { updateTeam } from "../../operations/update-team.ts";
import { etagOf, ifMatch } from "./etag.ts";
import { definedMembers, emailSchema, nameSchema, slugSchema } from "./fields.ts";
import { PAGE_QUERY, presentPage, readPageRequest } from "./paging.ts";
import { presentTeam } from "./present.ts";
import { route, type Route } from "./route.ts";

const createBody = v.strictObject({
  name: nameSchema,
  slug: slugSchema,
  plan: v.optional(v.picklist(PLAN_NAMES), "standard"),
  owner: v.optional(
    v.strictObject({
      email: emailSchema,
      password: v.optional(v.pipe(v.string(), v.minLength(8), v.maxLength(128))),
    }),
  ),
});

/** Any JSON object; by itself, `record` would take an array for one. */
const preferencesSchema = v.pipe(
  v.unknown(),
  v.check((value) => !Array.isArray(value)),
  v.record(v.string(), v.unknown()),
  // What pages on the team's own domain show; all else is for its own tools.
  v.check((preferences) => readBrand(preferences) !== null),
);

const updateBody = v.strictObject({
  name: v.optional(nameSchema),
  slug: v.optional(slugSchema),
  status: v.optional(v.picklist(["active", "suspended"])),
  preferences: v.optional(preferencesSchema),
});

export const teamRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/teams",
    summary: "Create a team and, if named, its first owner, who may have to accept by a link first.",
    access: { kind: "operator" },
    body: createBody,
    idempotent: true,
    answers: { status: 201, body: "CreatedTeam" },
    handle: async ({ deps, body, actor, keepAnswer }) => {
      const owner =
        body.owner === undefined ? null : { email: body.owner.email, password: body.owner.password ?? null };
      const request = { name: body.name, slug: body.slug, plan: body.plan, owner };
      const created = await createTeam(deps, request, actor, keepAnswer(201, presentCreated));
      if (!created.ok) return created;
      const { link } = created.value;
      const answer = presentCreated(created.value);
      return ok({ status: 201, body: link === null ? answer : { ...answer, invitation_link: link } });
    },
  }),
  route({
    method: "GET",
    path: "/v1/teams",
    summary: "List and search the region's teams, newest first.",
    access: { kind: "operator" },
    query: {
      ...PAGE_QUERY,
      q: "Part of a name or slug, in any case.",
      status: "`active` or `suspended`.",
    },
    answers: { status: 200, body: "Teams" },
    handle: async ({ deps, query }) => {
      const page = readPageRequest(query, "team");
      if (!page.ok) return page;
      const status = query.get("status");
      if (status !== null && status !== "active" && status !== "suspended") {
        return err({ kind: "invalid_member", member: "status", problem: "invalid" });
      }
      const listed = await listTeams(deps, page.value, { text: query.get("q") || null, status });
      return ok({ status: 200, body: presentPage("teams", listed, presentTeam) });
    },
  }),
  route({
    method: "GET",
    path: "/v1/teams/{team}",
    summary: "Show a team.",
    access: { kind: "team", permission: "EMM.Team.VIEW" },
    answers: { status: 200, body: "Team" },
    handle: async ({ deps, params }) => {
      const team = await showTeam(deps, params["team"] ?? "");
      if (!team.ok) return team;
      return ok({
        status: 200,
        body: { team: presentTeam(team.value) },
        headers: { ETag: etagOf(team.value) },
      });
    },
  }),
  route({
    method: "PATCH",
    path: "/v1/teams/{team}",
    summary: "Change a team's name, slug or preferences; the operator: its status too.",
    access: { kind: "team", permission: "EMM.Team.MANAGE" },
    body: updateBody,
    answers: { status: 200, body: "Team" },
    handle: async ({ deps, params, body, actor, request }) => {
      const change = definedMembers(body);
      const team = await updateTeam(deps, params["team"] ?? "", change, ifMatch(request), actor);
      if (!team.ok) return team;
      return ok({
        status: 200,
        body: { team: presentTeam(team.value) },
        headers: { ETag: etagOf(team.value) },
      });
    },
  }),
];

/** Without the link: that is a secret, and only the first answer has it. */
function presentCreated({ team, owner, invited }: CreatedTeam) {
  return {
    team: presentTeam(team),
    owner: owner && { id: owner.id, email: owner.email },
    ...(invited ? { invitation_link: null } : {}),
  };
}
