import type { Language } from "../../domain/language.ts";
import type { ShownInvitation } from "../../operations/show-invitation.ts";
import { isoTime } from "../api/present.ts";
import { Layout } from "./layout.tsx";
import { Field, Problem, When } from "./parts.tsx";
import type { Words } from "./words/index.ts";
import { fill } from "./words/fill.ts";

interface Spoken {
  readonly words: Words;
  readonly language: Language;
}

/** Where an invitation's link leads: joining, by whichever way is open to the invited person. */
export function InvitationPage({
  invitation,
  problem,
  words,
  language,
}: Spoken & { readonly invitation: ShownInvitation; readonly problem: string | null }) {
  const { invitation: text } = words;
  const { team, email, expiresAt, otherEmail, way } = invitation;
  return (
    <Layout title={fill(text.title, { team: team.name })} words={words} language={language}>
      <p>{fill(text.text, { team: team.name, email })}</p>
      <p class="muted">
        {text.until}: <When at={isoTime(expiresAt)} language={language} otherwise="" /> UTC
      </p>
      <Problem text={problem} words={words} />
      {otherEmail === null ? null : (
        <div class="note">
          <p>{fill(text.other, { email: otherEmail })}</p>
        </div>
      )}
      {way === "new_account" ? <NewAccount invitation={invitation} words={words} /> : null}
      {way === "signed_in" ? (
        <form method="post">
          <p>{fill(text.signedIn, { email })}</p>
          <button type="submit">{text.join}</button>
        </form>
      ) : null}
      {way === "sign_in_first" ? (
        <form method="post">
          <p>{text.signInText}</p>
          <button type="submit" name="do" value="signin">
            {text.signIn}
          </button>
        </form>
      ) : null}
    </Layout>
  );
}

function NewAccount({
  invitation: { email, offers, team },
  words,
}: {
  readonly invitation: ShownInvitation;
  readonly words: Words;
}) {
  const { invitation: text } = words;
  const byPassword = team.signInMethods.some((method) => method !== "sso");
  return (
    <>
      {offers.map(({ id, name }) => (
        <form method="post" action="/signin/sso" class="offer">
          <input type="hidden" name="connection" value={id} />
          <button type="submit">{fill(text.continueWith, { name })}</button>
        </form>
      ))}
      {byPassword ? null : <p class="muted">{text.ssoOnly}</p>}
      {byPassword && offers.length > 0 ? <p>{text.or}</p> : null}
      {byPassword ? (
        <form method="post">
          <label>
            {text.email}
            <input type="email" name="email" value={email} autocomplete="username" readonly />
          </label>
          <Field
            label={text.password}
            name="password"
            type="password"
            autocomplete="new-password"
            help={text.passwordHelp}
            maxlength={128}
            required
          />
          <button type="submit">{text.join}</button>
        </form>
      ) : null}
    </>
  );
}

/** Used, ended, withdrawn and invented ones look alike. */
export function InvitationGonePage({ words, language }: Spoken) {
  const { invitation: text } = words;
  return (
    <Layout title={text.goneTitle} words={words} language={language}>
      <p>{text.goneText}</p>
      <p>{text.goneHelp}</p>
      <p>
        <a class="button quiet" href="/signin">
          {text.toSignIn}
        </a>
      </p>
    </Layout>
  );
}

export function InvitationProblemPage({ text, words, language }: Spoken & { readonly text: string }) {
  return (
    <Layout title={words.frame.problem} words={words} language={language}>
      <p>{text}</p>
    </Layout>
  );
}
