import type { AnswerBody } from "../console-api.ts";
import { Done, Empty, Pager, Table, When } from "../parts.tsx";
import type { TeamPage, TeamVisit } from "../visit.ts";
import { readRoles, roleName } from "./role-choice.tsx";
import type { ShownRole } from "./roles.tsx";
import { fill } from "../words/fill.ts";

export type ShownMember = AnswerBody<"Member">["member"];

/** Team > Members: who can sign in here, and those who are invited. */
export const membersPage: TeamPage = {
  path: "/members",
  nav: "members",
  async show(visit) {
    const { api, apiPath, base, words, query, may } = visit;
    const { members: text } = words;
    const cursor = query.get("cursor");
    const search = cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    const listed = await api.get("Members", `${apiPath}/members${search}`);
    if (!listed.ok) return { refusal: listed.error };
    const roles = await readRoles(visit);
    if (!roles.ok) return { refusal: roles.error };
    const { members, next_cursor: next } = listed.value.body;
    const saved = members.find(({ id }) => id === query.get("saved"));
    return {
      title: text.title,
      content: (
        <>
          <p class="lead">{text.lead}</p>
          <Done
            text={
              saved === undefined
                ? query.has("removed")
                  ? text.removed
                  : null
                : fill(text.saved, { email: saved.email })
            }
          />
          <p class="buttons">
            {may("EMM.Members.MANAGE") ? (
              <a class="button" href={`${base}/members/new`}>
                {text.invite}
              </a>
            ) : null}
            <a class="button quiet" href={`${base}/sso-connections`}>
              {text.sso}
            </a>
          </p>
          {members.length === 0 ? (
            <Empty>
              <p>{text.empty}</p>
            </Empty>
          ) : (
            <MemberTable members={members} roles={roles.value} visit={visit} />
          )}
          <Pager path={`${base}/members`} cursor={next} query={query} words={words} />
        </>
      ),
    };
  },
};

function MemberTable({
  members,
  roles,
  visit,
}: {
  readonly members: readonly ShownMember[];
  readonly roles: readonly ShownRole[] | null;
  readonly visit: TeamVisit;
}) {
  const { words, language, base, person, may } = visit;
  const { members: text } = words;
  const mayChange = may("EMM.Members.MANAGE");
  return (
    <Table
      heads={[text.email, text.role, text.state, text.since, ...(mayChange ? [text.manage] : [])]}
      rows={members.map((member) => [
        <>
          {member.email} {member.user === person.userId ? <span class="tag">{text.you}</span> : null}
        </>,
        roleName(visit, roles, member.role),
        <span class={`tag ${member.status === "active" ? "good" : ""}`}>{text[member.status]}</span>,
        <When at={member.joined_at ?? member.created_at} language={language} otherwise="" dayOnly />,
        ...(mayChange
          ? [
              <a
                href={`${base}/members/${member.id}`}
                aria-label={fill(text.manageOf, { email: member.email })}
              >
                {text.manage}
              </a>,
            ]
          : []),
      ])}
    />
  );
}
