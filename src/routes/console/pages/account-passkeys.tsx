import type { AccountRefusal } from "../../../domain/account-refusal.ts";
import { beginPasskey, finishPasskey } from "../../../operations/account/add-passkey.ts";
import { removePasskey, showPasskey } from "../../../operations/account/remove-passkey.ts";
import { STEP_SECONDS } from "../../../operations/account/sign-in-step.ts";
import { clearCookie, cookieOf, setCookie, STEP_COOKIE } from "../../session-cookie.ts";
import { accountProblem, accountStatus } from "../account-problem.ts";
import { Field, Problem } from "../parts.tsx";
import { PasskeyForm, readCredential } from "../passkey-form.tsx";
import { PASSKEY_SCRIPT_PATH } from "../files.ts";
import type { Outcome, PersonPage, Visit } from "../visit.ts";
import { selfOf } from "./account.tsx";
import { fill } from "../words/fill.ts";

/** Adds a passkey: first the password, then the browser makes it. */
export const addPasskeyPage: PersonPage = {
  path: "/passkeys/new",
  nav: "me",
  show: async (visit) => namePage(visit, "", null),
  async act(visit, form) {
    const { deps, request } = visit;
    const name = form.get("name") ?? "";
    if (form.get("do") !== "finish") {
      const begun = await beginPasskey(deps, selfOf(visit), { name, password: form.get("password") ?? "" });
      return begun.ok ? createPage(visit, name, begun.value) : namePage(visit, name, begun.error);
    }
    const answer = { secret: cookieOf(request, STEP_COOKIE), name, response: readCredential(form) };
    const added = await finishPasskey(deps, selfOf(visit), answer);
    return added.ok
      ? { redirect: "/console/me?done=passkey", cookies: [clearCookie(STEP_COOKIE)] }
      : namePage(visit, name, added.error);
  },
};

function namePage({ words, language, person }: Visit, name: string, refusal: AccountRefusal | null): Outcome {
  const { account: text } = words;
  return {
    title: text.passkeyAdd,
    status: refusal === null ? 200 : accountStatus(refusal),
    content: (
      <>
        <Problem text={refusal === null ? null : accountProblem(refusal, words, language)} words={words} />
        <noscript>
          <p class="note alarm">{words.signin.passkeyScript}</p>
        </noscript>
        <form method="post">
          <Field
            label={text.passkeyName}
            name="name"
            value={name}
            help={text.passkeyNameHelp}
            maxlength={60}
            required
          />
          <input type="hidden" name="username" value={person.email} autocomplete="username" />
          <Field
            label={text.password}
            name="password"
            type="password"
            autocomplete="current-password"
            help={text.provePassword}
            required
          />
          <div class="buttons">
            <button type="submit">{text.continue}</button>
            <a class="button quiet" href="/console/me">
              {words.frame.cancel}
            </a>
          </div>
        </form>
      </>
    ),
  };
}

function createPage(
  { words }: Visit,
  name: string,
  { secret, options }: { secret: string; options: object },
): Outcome {
  const { account: text } = words;
  return {
    title: text.passkeyAdd,
    cookies: [setCookie(STEP_COOKIE, secret, STEP_SECONDS)],
    content: (
      <>
        <script src={PASSKEY_SCRIPT_PATH} defer></script>
        <p>{text.passkeyCreateText}</p>
        <PasskeyForm
          action="/console/me/passkeys/new"
          options={options}
          button={text.passkeyCreate}
          words={words}
        >
          <input type="hidden" name="do" value="finish" />
          <input type="hidden" name="name" value={name} />
        </PasskeyForm>
        <p class="foot">
          <a href="/console/me">{words.frame.cancel}</a>
        </p>
      </>
    ),
  };
}

/** Asks before it removes one. */
export const removePasskeyPage: PersonPage = {
  path: "/passkeys/:id/remove",
  nav: "me",
  async show(visit) {
    const { words, params, deps } = visit;
    const { account: text } = words;
    const passkey = await showPasskey(deps, selfOf(visit), params["id"] ?? "");
    if (passkey === null) return { refusal: { kind: "unknown_path" } };
    return {
      title: fill(text.passkeyRemoveTitle, { name: passkey.name }),
      content: (
        <>
          <p>{text.passkeyRemoveText}</p>
          <form method="post">
            <div class="buttons">
              <button type="submit" class="danger">
                {text.passkeyRemoveYes}
              </button>
              <a class="button quiet" href="/console/me">
                {words.frame.cancel}
              </a>
            </div>
          </form>
        </>
      ),
    };
  },
  async act(visit) {
    const removed = await removePasskey(visit.deps, selfOf(visit), visit.params["id"] ?? "");
    return removed.ok ? { redirect: "/console/me?done=passkey-removed" } : { refusal: removed.error };
  },
};
