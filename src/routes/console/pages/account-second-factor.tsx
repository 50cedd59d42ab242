import type { AccountRefusal } from "../../../domain/account-refusal.ts";
import type { Result } from "../../../domain/result.ts";
import { renewRecoveryCodes, turnOffTotp } from "../../../operations/account/totp-changes.ts";
import { beginTotp, confirmTotp, type BegunTotp } from "../../../operations/account/totp-enrolment.ts";
import { SESSION_COOKIE, setCookie } from "../../session-cookie.ts";
import { accountProblem, accountStatus } from "../account-problem.ts";
import { Copyable, Field, Problem } from "../parts.tsx";
import type { Outcome, PersonPage, ShownPage, Visit } from "../visit.ts";
import { selfOf } from "./account.tsx";

/** Sets up an authenticator app: first the password, then the key, then a code of it. */
export const secondFactorPage: PersonPage = {
  path: "/second-factor",
  nav: "me",
  show: async (visit) => beginPage(visit, null),
  async act(visit, form) {
    const { deps } = visit;
    if (form.get("do") !== "confirm") {
      const begun = await beginTotp(deps, selfOf(visit), form.get("password") ?? "");
      return begun.ok ? confirmPage(visit, begun.value, null) : beginPage(visit, begun.error);
    }
    const confirmed = await confirmTotp(deps, selfOf(visit), form.get("code") ?? "");
    if (confirmed.ok) {
      const { recoveryCodes, opened } = confirmed.value;
      const cookies = [setCookie(SESSION_COOKIE, opened.secret)];
      return { ...codesPage(visit, recoveryCodes), cookies };
    }
    const { error } = confirmed;
    // The key is not shown again; whoever has not kept it starts again.
    const isAboutCode = error.kind === "wrong_code" || error.kind === "rate_limited";
    return isAboutCode ? confirmPage(visit, null, error) : beginPage(visit, error);
  },
};

/** New recovery codes, for a code. */
export const recoveryCodesPage: PersonPage = {
  path: "/second-factor/codes",
  nav: "me",
  show: async (visit) => askCode(visit, RENEW, null),
  async act(visit, form) {
    const renewed = await renewRecoveryCodes(visit.deps, selfOf(visit), form.get("code") ?? "");
    return renewed.ok ? codesPage(visit, renewed.value) : askCode(visit, RENEW, renewed.error);
  },
};

/** Turns the authenticator app off, for a code. */
export const noSecondFactorPage: PersonPage = {
  path: "/second-factor/off",
  nav: "me",
  show: async (visit) => askCode(visit, TURN_OFF, null),
  async act(visit, form) {
    const isOff: Result<null, AccountRefusal> = await turnOffTotp(
      visit.deps,
      selfOf(visit),
      form.get("code") ?? "",
    );
    return isOff.ok ? { redirect: "/console/me?done=factor-off" } : askCode(visit, TURN_OFF, isOff.error);
  },
};

const RENEW = { title: "codesRenew", text: "codesRenewText", isDanger: false } as const;
const TURN_OFF = { title: "factorTurnOff", text: "factorTurnOffText", isDanger: true } as const;

function beginPage(visit: Visit, refusal: AccountRefusal | null): ShownPage {
  const { words, person } = visit;
  const { account: text } = words;
  return {
    title: text.factorSetUp,
    status: statusOf(refusal),
    content: (
      <>
        <ProblemOf refusal={refusal} visit={visit} />
        <p class="lead">
          {text.provePassword} {text.signedOutElsewhere}
        </p>
        <form method="post">
          <input type="hidden" name="username" value={person.email} autocomplete="username" />
          <Field
            label={text.password}
            name="password"
            type="password"
            autocomplete="current-password"
            required
          />
          <Buttons text={text.continue} isDanger={false} visit={visit} />
        </form>
      </>
    ),
  };
}

/** @param begun the key, the one time that it is shown */
function confirmPage(visit: Visit, begun: BegunTotp | null, refusal: AccountRefusal | null): ShownPage {
  const { words } = visit;
  const { account: text } = words;
  return {
    title: text.factorSetUp,
    status: statusOf(refusal),
    content: (
      <>
        <ProblemOf refusal={refusal} visit={visit} />
        {begun === null ? null : (
          <>
            <p>{text.scan}</p>
            <div class="note once">
              <Copyable label={text.key} value={begun.secret} words={words} />
              <p>
                <code>{begun.secret.match(/.{1,4}/g)?.join(" ")}</code>
              </p>
              <p>
                <a href={begun.uri}>{text.keyLink}</a>
              </p>
              <p class="help">{text.keyOnce}</p>
            </div>
          </>
        )}
        <form method="post">
          <input type="hidden" name="do" value="confirm" />
          <Field
            label={text.code}
            name="code"
            autocomplete="one-time-code"
            inputmode="numeric"
            help={text.confirm}
            required
          />
          <Buttons text={text.turnOn} isDanger={false} visit={visit} />
        </form>
      </>
    ),
  };
}

function askCode(
  visit: Visit,
  about: typeof RENEW | typeof TURN_OFF,
  refusal: AccountRefusal | null,
): Outcome {
  const { account: text } = visit.words;
  return {
    title: text[about.title],
    status: statusOf(refusal),
    content: (
      <>
        <ProblemOf refusal={refusal} visit={visit} />
        <p>{text[about.text]}</p>
        <form method="post">
          <Field
            label={text.code}
            name="code"
            autocomplete="one-time-code"
            help={text.codeOrRecovery}
            required
          />
          <Buttons text={text[about.title]} isDanger={about.isDanger} visit={visit} />
        </form>
      </>
    ),
  };
}

function codesPage({ words }: Visit, codes: readonly string[]): ShownPage {
  const { account: text } = words;
  return {
    title: text.codesTitle,
    content: (
      <>
        <div class="note once">
          <p>{text.codesText}</p>
          <ul class="codes">
            {codes.map((code) => (
              <li>
                <code>{code}</code>
              </li>
            ))}
          </ul>
        </div>
        <p>
          <a class="button" href="/console/me">
            {text.codesDone}
          </a>
        </p>
      </>
    ),
  };
}

function ProblemOf({ refusal, visit }: { readonly refusal: AccountRefusal | null; readonly visit: Visit }) {
  const { words, language } = visit;
  return <Problem text={refusal === null ? null : accountProblem(refusal, words, language)} words={words} />;
}

function Buttons({
  text,
  isDanger,
  visit: { words },
}: {
  readonly text: string;
  readonly isDanger: boolean;
  readonly visit: Visit;
}) {
  return (
    <div class="buttons">
      <button type="submit" class={isDanger ? "danger" : undefined}>
        {text}
      </button>
      <a class="button quiet" href="/console/me">
        {words.frame.cancel}
      </a>
    </div>
  );
}

function statusOf(refusal: AccountRefusal | null) {
  return refusal === null ? 200 : accountStatus(refusal);
}
