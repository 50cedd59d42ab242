import type { Refusal } from "../../../domain/refusal.ts";
import { INVITATION_DAYS } from "../../../operations/invitation.ts";
import { Field, Once, Problem } from "../parts.tsx";
import { problemText } from "../problem-text.ts";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import { readRoles, RoleChoice, roleName } from "./role-choice.tsx";
import { fillCount } from "../words/fill.ts";

interface Draft {
  readonly email: string;
  readonly role: string;
}

/** Invites a person; the link is shown once. */
export const inviteMemberPage: TeamPage = {
  path: "/members/new",
  nav: "members",
  needs: "EMM.Members.MANAGE",
  show: (visit) => formPage(visit, { email: "", role: "" }, null),
  act: (visit, form) =>
    invite(visit, { email: form.get("email")?.trim() ?? "", role: form.get("role") ?? "" }, formPage),
};

/**
 * Makes an invitation, in the place of an earlier one to the same address, and shows its link.
 * @param again shows what was typed, with what was wrong with it
 */
export async function invite(
  visit: TeamVisit,
  draft: Draft,
  again: (visit: TeamVisit, draft: Draft, problem: string) => Promise<Outcome>,
): Promise<Outcome> {
  const { api, apiPath, words, base, language } = visit;
  const { members: text } = words;
  const made = await api.post("InvitedMember", `${apiPath}/members`, draft);
  if (!made.ok) return again(visit, draft, problemOf(visit, made.error));
  const roles = await readRoles(visit);
  const { member, invitation_link: link } = made.value.body;
  const role = roleName(visit, roles.ok ? roles.value : null, member.role);
  return {
    title: text.linkTitle,
    content: (
      <>
        <p>{fillCount(text.linkText, INVITATION_DAYS, language, { email: member.email, role })}</p>
        <Once label={text.linkLabel} value={link ?? ""} words={words} />
        <p class="muted">{text.linkAgain}</p>
        <a class="button quiet" href={`${base}/members`}>
          {words.frame.back}
        </a>
      </>
    ),
  };
}

function problemOf(visit: TeamVisit, refusal: Refusal): string {
  const { members: text } = visit.words;
  return problemText(visit, refusal, { email: text.email, role: text.role });
}

async function formPage(visit: TeamVisit, draft: Draft, problem: string | null): Promise<Outcome> {
  const { words, base } = visit;
  const { members: text } = words;
  const roles = await readRoles(visit);
  if (!roles.ok) return { refusal: roles.error };
  return {
    title: text.inviteTitle,
    status: problem === null ? 200 : 400,
    content: (
      <>
        <p class="lead">{text.inviteText}</p>
        <Problem text={problem} words={words} />
        <form method="post">
          <Field label={text.email} name="email" type="email" value={draft.email} required maxlength={254} />
          <RoleChoice visit={visit} roles={roles.value} value={draft.role} />
          <div class="buttons">
            <button type="submit">{text.create}</button>
            <a class="button quiet" href={`${base}/members`}>
              {words.frame.cancel}
            </a>
          </div>
        </form>
      </>
    ),
  };
}
