import { Confirm, Meanwhile, Problem, When } from "../parts.tsx";
import { problemText } from "../problem-text.ts";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import { invite } from "./invite-member.tsx";
import { givenBy, readRoles, RoleChoice, roleName } from "./role-choice.tsx";
import { fill } from "../words/fill.ts";

interface Again {
  readonly role?: string;
  readonly problem?: string;
  readonly isConflict?: boolean;
}

/** One member: their role, a new link for who has not come yet, and the way out. */
export const editMemberPage: TeamPage = {
  path: "/members/:id",
  nav: "members",
  show: (visit) => memberPage(visit, {}),
  async act(visit, form) {
    const { api, base, params } = visit;
    if (form.get("do") === "renew") {
      const shown = await api.get("Member", memberPath(visit));
      if (!shown.ok) return { refusal: shown.error };
      const { email, role } = shown.value.body.member;
      return invite(visit, { email, role }, (_, __, problem) => memberPage(visit, { problem }));
    }
    const role = form.get("role") ?? "";
    const saved = await api.patch("Member", memberPath(visit), { role }, form.get("etag"));
    if (saved.ok) return { redirect: `${base}/members?saved=${encodeURIComponent(params["id"] ?? "")}` };
    if (saved.error.kind === "precondition_failed") return memberPage(visit, { role, isConflict: true });
    const problem = problemText(visit, saved.error, { role: visit.words.members.role });
    return memberPage(visit, { role, problem });
  },
};

function memberPath({ apiPath, params }: TeamVisit): string {
  return `${apiPath}/members/${encodeURIComponent(params["id"] ?? "")}`;
}

async function memberPage(visit: TeamVisit, again: Again): Promise<Outcome> {
  const { api, words, language, base, person, may } = visit;
  const { members: text } = words;
  const [shown, roles] = await Promise.all([api.get("Member", memberPath(visit)), readRoles(visit)]);
  if (!shown.ok) return { refusal: shown.error };
  if (!roles.ok) return { refusal: roles.error };
  const { member } = shown.value.body;
  const { role = member.role, problem = null, isConflict = false } = again;
  const isSelf = member.user === person.userId;
  const isInvited = member.status === "invited";
  const isBeyond = roles.value !== null && !givenBy(visit, roles.value).some(({ id }) => id === member.role);
  const named = (id: string) => roleName(visit, roles.value, id);
  return {
    title: member.email,
    status: isConflict ? 412 : problem === null ? 200 : 400,
    content: (
      <>
        <Problem text={problem} words={words} />
        <Meanwhile
          differing={isConflict ? [[text.role, named(role), named(member.role)]] : null}
          words={words}
        />
        <dl>
          <dt>{text.role}</dt>
          <dd>{named(member.role)}</dd>
          <dt>{text.state}</dt>
          <dd>
            <span class={`tag ${isInvited ? "" : "good"}`}>{text[member.status]}</span>
          </dd>
          <dt>{text.since}</dt>
          <dd>
            <When at={member.joined_at ?? member.created_at} language={language} otherwise="" />
          </dd>
        </dl>
        {isBeyond ? <p>{text.beyond}</p> : null}
        {may("EMM.Members.MANAGE") && !isBeyond ? (
          <>
            <h2>{text.change}</h2>
            <p>{text.changeText}</p>
            {isSelf ? (
              <p>
                <strong>{text.self}</strong> {text.selfText}
              </p>
            ) : null}
            <form method="post">
              <input type="hidden" name="etag" value={shown.value.etag ?? ""} />
              <RoleChoice visit={visit} roles={roles.value} value={role} />
              <button type="submit">{words.frame.save}</button>
            </form>
            {isInvited ? (
              <>
                <h2>{text.renew}</h2>
                <p>{text.renewText}</p>
                <form method="post">
                  <button type="submit" name="do" value="renew" class="quiet">
                    {text.renew}
                  </button>
                </form>
              </>
            ) : null}
          </>
        ) : null}
        {may("EMM.Members.DELETE") && !isBeyond ? (
          <>
            <h2>{isInvited ? text.withdraw : text.remove}</h2>
            <p>{isInvited ? text.withdrawText : text.removeHint}</p>
            <p>
              <a class="button quiet" href={`${base}/members/${member.id}/remove`}>
                {isInvited ? text.withdraw : text.remove}
              </a>
            </p>
          </>
        ) : null}
        <p>
          <a href={`${base}/members`}>{text.title}</a>
        </p>
      </>
    ),
  };
}

/** Asks before somebody is removed, and says what becomes of what is theirs (contract, section 5). */
export const removeMemberPage: TeamPage = {
  path: "/members/:id/remove",
  nav: "members",
  needs: "EMM.Members.DELETE",
  show: (visit) => confirm(visit, null),
  async act(visit) {
    const removed = await visit.api.delete("RemovedMember", memberPath(visit));
    if (!removed.ok) return confirm(visit, problemText(visit, removed.error));
    // Whoever removed themselves has nothing to see here any more.
    const isSelf = removed.value.body.member.user === visit.person.userId;
    return { redirect: isSelf ? "/console" : `${visit.base}/members?removed=1` };
  },
};

async function confirm(visit: TeamVisit, problem: string | null): Promise<Outcome> {
  const { api, words, base, person } = visit;
  const { members: text } = words;
  const shown = await api.get("Member", memberPath(visit));
  if (!shown.ok) return { refusal: shown.error };
  const { member } = shown.value.body;
  const isInvited = member.status === "invited";
  return {
    title: isInvited
      ? fill(text.withdrawTitle, { email: member.email })
      : fill(text.removeTitle, { email: member.email }),
    status: problem === null ? 200 : 400,
    content: (
      <Confirm
        problem={problem}
        yes={isInvited ? text.withdrawYes : text.removeYes}
        back={`${base}/members/${member.id}`}
        words={words}
      >
        {isInvited ? (
          <p>{text.withdrawText}</p>
        ) : (
          <>
            {member.user === person.userId ? <p class="alarm">{text.removeSelf}</p> : null}
            <p>{text.removeText}</p>
            <ul>
              {text.removeEffects.map((effect) => (
                <li>{effect}</li>
              ))}
            </ul>
          </>
        )}
      </Confirm>
    ),
  };
}
