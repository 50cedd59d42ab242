import * as v from "valibot";
import { ok } from "../../domain/result.ts";
import { acceptInvitation } from "../../operations/accept-invitation.ts";
import { inviteMember } from "../../operations/invite-member.ts";
import { listMembers } from "../../operations/list-members.ts";
import { removeMember } from "../../operations/remove-member.ts";
import { showMember, type MemberRow } from "../../operations/show-member.ts";
import { updateMember } from "../../operations/update-member.ts";
import { sessionCookie } from "../session-cookie.ts";
import { etagOf, ifMatch } from "./etag.ts";
import { emailSchema, passwordSchema } from "./fields.ts";
import { PAGE_QUERY, presentPage, readPageRequest } from "./paging.ts";
import { isoTime } from "./present.ts";
import { route, type Answer, type Call, type Route } from "./route.ts";

/** `owner`, or a role's id; which of them there are, the store knows. */
const roleSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(100));

const inviteBody = v.strictObject({ email: emailSchema, role: roleSchema });

const updateBody = v.strictObject({ role: roleSchema });

const acceptBody = v.strictObject({
  invitation: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  password: v.optional(passwordSchema),
});

const MEMBERS = "/v1/teams/{team}/members";

export const memberRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: MEMBERS,
    summary: "Invite a person, by a link that this answer alone shows.",
    access: { kind: "team", permission: "EMM.Members.MANAGE" },
    body: inviteBody,
    idempotent: true,
    answers: { status: 201, body: "InvitedMember" },
    handle: async ({ deps, params, body, actor, keepAnswer }) => {
      const keep = keepAnswer(201, (member: MemberRow) => ({
        member: presentMember(member),
        invitation_link: null,
      }));
      const invited = await inviteMember(deps, params["team"] ?? "", body, actor, keep);
      if (!invited.ok) return invited;
      const { member, link } = invited.value;
      return ok({
        status: 201,
        body: { member: presentMember(member), invitation_link: link },
        headers: { ETag: etagOf(member) },
      });
    },
  }),
  route({
    method: "GET",
    path: MEMBERS,
    summary: "List a team's members, those who are only invited too, newest first.",
    access: { kind: "team", permission: "EMM.Members.VIEW" },
    query: PAGE_QUERY,
    answers: { status: 200, body: "Members" },
    handle: async ({ deps, params, query }) => {
      const page = readPageRequest(query, "mem");
      if (!page.ok) return page;
      const listed = await listMembers(deps, params["team"] ?? "", page.value);
      return listed.ok
        ? ok({ status: 200, body: presentPage("members", listed.value, presentMember) })
        : listed;
    },
  }),
  route({
    method: "GET",
    path: `${MEMBERS}/{id}`,
    summary: "Show a member.",
    access: { kind: "team", permission: "EMM.Members.VIEW" },
    answers: { status: 200, body: "Member" },
    handle: async ({ deps, params }) => {
      const member = await showMember(deps, idsOf(params));
      return member.ok ? ok(answer(member.value)) : member;
    },
  }),
  route({
    method: "PATCH",
    path: `${MEMBERS}/{id}`,
    summary: "Give a member another role; what they may do changes at once.",
    access: { kind: "team", permission: "EMM.Members.MANAGE" },
    body: updateBody,
    answers: { status: 200, body: "Member" },
    handle: async ({ deps, params, body, actor, request }) => {
      const member = await updateMember(deps, idsOf(params), body.role, ifMatch(request), actor);
      return member.ok ? ok(answer(member.value)) : member;
    },
  }),
  route({
    method: "DELETE",
    path: `${MEMBERS}/{id}`,
    summary: "Remove a member, or withdraw an invitation.",
    access: { kind: "team", permission: "EMM.Members.DELETE" },
    answers: { status: 200, body: "RemovedMember" },
    refuses: [409, 412],
    handle: async ({ deps, params, actor, request }) => {
      const removed = await removeMember(deps, idsOf(params), ifMatch(request), actor);
      if (!removed.ok) return removed;
      const { member, effectiveBy } = removed.value;
      return ok({
        status: 200,
        body: { member: presentMember(member), effective_by: isoTime(effectiveBy) },
      });
    },
  }),
  route({
    method: "POST",
    path: "/v1/invitations/accept",
    summary: "Join a team: signed in, or with an account that is made for the invited address.",
    access: { kind: "anyone" },
    body: acceptBody,
    answers: { status: 200, body: "JoinedMember" },
    refuses: [401, 403, 404, 409],
    handle: async ({ deps, body, actor, request, moment }) => {
      const acceptance = {
        secret: body.invitation,
        password: body.password ?? null,
        session: sessionCookie(request),
        ip: actor.ip,
      };
      const joined = await acceptInvitation(deps, acceptance, moment);
      if (!joined.ok) return joined;
      const { member, team } = joined.value;
      const { id, name, slug } = team;
      return ok({ status: 200, body: { member: presentMember(member), team: { id, name, slug } } });
    },
  }),
];

function idsOf(params: Call["params"]): { teamId: string; id: string } {
  return { teamId: params["team"] ?? "", id: params["id"] ?? "" };
}

function answer(member: MemberRow): Answer {
  return { status: 200, body: { member: presentMember(member) }, headers: { ETag: etagOf(member) } };
}

function presentMember(row: MemberRow) {
  return {
    id: row.id,
    email: row.email,
    user: row.userId,
    role: row.role,
    status: row.status,
    invited_by: row.invitedBy,
    created_at: isoTime(row.createdAt),
    joined_at: isoTime(row.joinedAt),
  };
}
