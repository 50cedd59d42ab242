import type { AccountRefusal } from "../../../domain/account-refusal.ts";
import { changePassword } from "../../../operations/account/change-password.ts";
import { accountProblem, accountStatus } from "../account-problem.ts";
import { Field, Problem } from "../parts.tsx";
import type { Outcome, PersonPage, Visit } from "../visit.ts";
import { selfOf } from "./account.tsx";

/** A new password, for whoever types the old one. */
export const passwordPage: PersonPage = {
  path: "/password",
  nav: "me",
  show: async (visit) => formPage(visit, null),
  async act(visit, form) {
    const passwords = { old: form.get("old") ?? "", wanted: form.get("new") ?? "" };
    const changed = await changePassword(visit.deps, selfOf(visit), passwords);
    return changed.ok ? { redirect: "/console/me?done=password" } : formPage(visit, changed.error);
  },
};

function formPage({ words, language, person }: Visit, refusal: AccountRefusal | null): Outcome {
  const { account: text } = words;
  return {
    title: text.change,
    status: refusal === null ? 200 : accountStatus(refusal),
    content: (
      <>
        <Problem text={refusal === null ? null : accountProblem(refusal, words, language)} words={words} />
        <form method="post">
          {/* So that password managers know whose it is. */}
          <input type="hidden" name="username" value={person.email} autocomplete="username" />
          <Field
            label={text.oldPassword}
            name="old"
            type="password"
            autocomplete="current-password"
            required
          />
          <Field
            label={text.newPassword}
            name="new"
            type="password"
            autocomplete="new-password"
            help={text.passwordHelp}
            maxlength={128}
            required
          />
          <div class="buttons">
            <button type="submit">{text.change}</button>
            <a class="button quiet" href="/console/me">
              {words.frame.cancel}
            </a>
          </div>
        </form>
      </>
    ),
  };
}
