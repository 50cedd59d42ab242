import { endOwnSessions } from "../../../operations/account/end-sessions.ts";
import type { Self } from "../../../operations/account/self.ts";
import { showAccount, type Account } from "../../../operations/account/show-account.ts";
import { isoTime } from "../../api/present.ts";
import { browserOf } from "../page.ts";
import { formatNumber, formatTime } from "../format.ts";
import { Done, Empty, Table, When } from "../parts.tsx";
import { nameBrowser } from "../user-agent.ts";
import type { PersonPage, Visit } from "../visit.ts";
import { fill } from "../words/fill.ts";

/** Whoever looks at their own account. */
export function selfOf({ person, request }: Visit): Self {
  return { ...person, ...browserOf(request) };
}

/** My account: how a person signs in, and where they are signed in (contract, section 11). */
export const accountPage: PersonPage = {
  path: "",
  nav: "me",
  async show(visit) {
    const account = await showAccount(visit.deps, selfOf(visit));
    return {
      title: visit.words.account.title,
      leavesByForm: account.connectable.length > 0,
      content: (
        <>
          <Done text={doneText(visit)} />
          <dl>
            <dt>{visit.words.account.email}</dt>
            <dd>{visit.person.email}</dd>
          </dl>
          {account.isOwn ? (
            <>
              <Password account={account} visit={visit} />
              <SecondFactor account={account} visit={visit} />
              <Passkeys account={account} visit={visit} />
            </>
          ) : (
            <p class="note">{visit.words.account.bySso}</p>
          )}
          <Sessions account={account} visit={visit} />
          {account.connectable.length === 0 ? null : <SingleSignOn account={account} visit={visit} />}
        </>
      ),
    };
  },
  async act(visit, form) {
    switch (form.get("do")) {
      case "end":
        await endOwnSessions(visit.deps, selfOf(visit), form.get("session") ?? "");
        return { redirect: "/console/me?done=session" };
      case "end-others":
        await endOwnSessions(visit.deps, selfOf(visit), null);
        return { redirect: "/console/me?done=others" };
      default:
        return { redirect: "/console/me" };
    }
  },
};

interface Part {
  readonly account: Account;
  readonly visit: Visit;
}

function doneText({ query, words: { account: text } }: Visit): string | null {
  switch (query.get("done")) {
    case "password":
      return text.passwordDone;
    case "factor-off":
      return text.factorOffDone;
    case "passkey":
      return text.passkeyAdded;
    case "passkey-removed":
      return text.passkeyRemoved;
    case "session":
      return text.sessionDone;
    case "others":
      return text.othersDone;
    default:
      return null;
  }
}

function Password({ account, visit: { words, language } }: Part) {
  const { account: text } = words;
  const { hasPassword, passwordSetAt } = account;
  const since =
    passwordSetAt === null
      ? text.passwordFirst
      : fill(text.passwordSet, { when: formatTime(isoTime(passwordSetAt), language) });
  return (
    <>
      <h2>{text.password}</h2>
      <p>{hasPassword ? since : text.passwordNone}</p>
      {hasPassword ? (
        <p>
          <a class="button quiet" href="/console/me/password">
            {text.change}
          </a>
        </p>
      ) : null}
    </>
  );
}

function SecondFactor({ account, visit: { words, language } }: Part) {
  const { account: text } = words;
  const { totpSince, recoveryCodes } = account;
  if (totpSince === null) {
    return (
      <>
        <h2>{text.factor}</h2>
        <p>{text.factorOff}</p>
        <p>
          <a class="button quiet" href="/console/me/second-factor">
            {text.factorSetUp}
          </a>
        </p>
      </>
    );
  }
  return (
    <>
      <h2>{text.factor}</h2>
      <p>{fill(text.factorOn, { when: formatTime(isoTime(totpSince), language) })}</p>
      <p>{fill(text.codesLeft, { count: formatNumber(recoveryCodes, language) })}</p>
      <p class="buttons">
        <a class="button quiet" href="/console/me/second-factor/codes">
          {text.codesRenew}
        </a>
        <a href="/console/me/second-factor/off">{text.factorTurnOff}</a>
      </p>
    </>
  );
}

function Passkeys({ account: { passkeys }, visit: { words, language } }: Part) {
  const { account: text } = words;
  return (
    <>
      <h2>{text.passkeys}</h2>
      {passkeys.length === 0 ? (
        <Empty>
          <p>{text.passkeysEmpty}</p>
        </Empty>
      ) : (
        <Table
          heads={[text.passkeyName, text.added, text.passkeyUsed, text.remove]}
          rows={passkeys.map(({ id, name, createdAt, lastUsedAt }) => [
            <bdi>{name}</bdi>,
            <When at={isoTime(createdAt)} language={language} otherwise={words.frame.never} />,
            <When at={isoTime(lastUsedAt)} language={language} otherwise={words.frame.never} />,
            <a href={`/console/me/passkeys/${id}/remove`} aria-label={fill(text.passkeyRemoveOf, { name })}>
              {text.remove}
            </a>,
          ])}
        />
      )}
      <p>
        <a class="button quiet" href="/console/me/passkeys/new">
          {text.passkeyAdd}
        </a>
      </p>
    </>
  );
}

function Sessions({ account: { sessions }, visit: { words, language, person } }: Part) {
  const { account: text } = words;
  const never = words.frame.never;
  return (
    <>
      <h2>{text.sessions}</h2>
      <p class="lead">{text.sessionsLead}</p>
      <Table
        heads={[text.where, text.address, text.by, text.since, text.lastSeen, text.signOutOne]}
        rows={sessions.map((session) => {
          const named = nameBrowser(session.userAgent);
          const where =
            named === null
              ? text.unknownBrowser
              : named.system === null
                ? named.browser
                : fill(text.on, { browser: named.browser, system: named.system });
          return [
            where,
            session.ip ?? words.frame.none,
            <>
              {text.byMethod[session.method]}
              {session.twoFactor ? <span class="help">{text.twoFactors}</span> : null}
            </>,
            <When at={isoTime(session.createdAt)} language={language} otherwise={never} />,
            <When at={isoTime(session.lastSeenAt)} language={language} otherwise={never} />,
            session.id === person.sessionId ? (
              <span class="tag good">{text.thisOne}</span>
            ) : (
              <form method="post" class="inline">
                <input type="hidden" name="do" value="end" />
                <input type="hidden" name="session" value={session.id} />
                <button type="submit" class="quiet" aria-label={`${text.signOutOne}: ${where}`}>
                  {text.signOutOne}
                </button>
              </form>
            ),
          ];
        })}
      />
      {sessions.length < 2 ? null : (
        <form method="post">
          <input type="hidden" name="do" value="end-others" />
          <button type="submit">{text.signOutOthers}</button>
        </form>
      )}
    </>
  );
}

function SingleSignOn({ account: { connectable }, visit: { words } }: Part) {
  const { account: text } = words;
  return (
    <>
      <h2>{text.sso}</h2>
      {connectable.map(({ id, name, team, isConnected }) =>
        isConnected ? (
          <p>{fill(text.connected, { name, team })}</p>
        ) : (
          <form method="post" action="/signin/sso" class="offer">
            <input type="hidden" name="connection" value={id} />
            <input type="hidden" name="link" value="1" />
            <input type="hidden" name="next" value="/console/me" />
            <button type="submit" class="quiet">
              {fill(text.connect, { name, team })}
            </button>
          </form>
        ),
      )}
    </>
  );
}
