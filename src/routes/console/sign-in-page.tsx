import type { Child } from "hono/jsx";
import type { Language } from "../../domain/language.ts";
import type { RegionCode } from "../../domain/region.ts";
import type { SsoOffer } from "../../operations/offer-sso.ts";
import { Layout } from "./layout.tsx";
import { Done } from "./parts.tsx";
import { PasskeyForm } from "./passkey-form.tsx";
import { PASSKEY_SCRIPT_PATH } from "./files.ts";
import type { Words } from "./words/index.ts";
import { fill } from "./words/fill.ts";

interface Reader {
  readonly words: Words;
  readonly language: Language;
}

export interface SignInView {
  readonly email: string;
  /** Where to go then. */
  readonly next: string;
  /** In which an account may be, this one among them; none: there is no choice. */
  readonly regions: readonly {
    readonly code: RegionCode;
    readonly name: string;
    readonly isHere: boolean;
  }[];
  /** The identity providers that the address, or the team that was asked for, can use. */
  readonly offers: readonly SsoOffer[];
  /** At which host passkeys work. */
  readonly passkeyHost: string;
  /** What was wrong with the last attempt, null at first. */
  readonly problem: string | null;
  /** What has just been done. */
  readonly done: string | null;
}

/* Labels are texts of their own: what helps to fill a field in is tied to it, and no part of its name. */

export function SignInPage({ view, words, language }: Reader & { readonly view: SignInView }) {
  const { email, next, offers, passkeyHost, problem, done } = view;
  const { signin: text } = words;
  return (
    <Layout title={text.title} words={words} language={language} script={PASSKEY_SCRIPT_PATH}>
      <Alarm text={problem} />
      <Done text={done} />
      <Regions regions={view.regions} next={next} words={words} />
      {offers.map(({ id, name }) => (
        <form method="post" action="/signin/sso" class="offer">
          <input type="hidden" name="connection" value={id} />
          <input type="hidden" name="next" value={next} />
          <button type="submit">{fill(text.continueWith, { name })}</button>
        </form>
      ))}
      {offers.length === 0 ? null : <p class="or">{text.or}</p>}
      <form method="post" action="/signin">
        <input type="hidden" name="next" value={next} />
        <label>
          {text.email}
          <input type="email" name="email" value={email} autocomplete="username" required />
        </label>
        <div class="labelled">
          <label>
            {text.password}
            <input
              type="password"
              name="password"
              autocomplete="current-password"
              aria-describedby="without-password"
            />
          </label>
          <span class="help" id="without-password">
            {text.withoutPassword}
          </span>
        </div>
        <button type="submit">{text.submit}</button>
      </form>
      <form method="post" action="/signin/passkey" data-passkey-host={passkeyHost} hidden>
        <p class="or">{text.or}</p>
        <input type="hidden" name="next" value={next} />
        <button type="submit" class="quiet">
          {text.passkey}
        </button>
      </form>
      <p class="help foot">{text.forgotten}</p>
    </Layout>
  );
}

/** Where somebody goes whose account is in another region; the same request goes on there. */
function Regions({
  regions,
  next,
  words: { signin: text },
}: Pick<SignInView, "regions" | "next"> & Pick<Reader, "words">) {
  const here = regions.find(({ isHere }) => isHere);
  if (here === undefined) return null;
  return (
    <form method="post" action="/signin/region" class="offer">
      <input type="hidden" name="next" value={next} />
      <p>{fill(text.region, { region: here.name })}</p>
      <div class="buttons">
        {regions.map(({ code, name, isHere }) =>
          isHere ? null : (
            <button type="submit" name="region" value={code} class="quiet">
              {fill(text.otherRegion, { region: name })}
            </button>
          ),
        )}
      </div>
    </form>
  );
}

/** The second step, for those whose authenticator app is asked for. */
export function CodePage({
  next,
  problem,
  words,
  language,
}: Reader & { readonly next: string; readonly problem: string | null }) {
  const { signin: text } = words;
  return (
    <Layout title={text.codeTitle} words={words} language={language}>
      <Alarm text={problem} />
      <form method="post" action="/signin/code">
        <input type="hidden" name="next" value={next} />
        <div class="labelled">
          <label>
            {text.code}
            <input
              type="text"
              name="code"
              autocomplete="one-time-code"
              autocapitalize="none"
              spellcheck={false}
              aria-describedby="code-help"
              required
              autofocus
            />
          </label>
          <span class="help" id="code-help">
            {text.codeHelp}
          </span>
        </div>
        <button type="submit">{text.codeSubmit}</button>
      </form>
      <BackToSignIn next={next} text={text.startAgain} />
    </Layout>
  );
}

/** Where the browser is asked for a passkey. */
export function PasskeyPage({
  next,
  options,
  words,
  language,
}: Reader & { readonly next: string; readonly options: object }) {
  const { signin: text } = words;
  return (
    <Layout title={text.passkeyTitle} words={words} language={language} script={PASSKEY_SCRIPT_PATH}>
      <p>{text.passkeyText}</p>
      <PasskeyForm
        action="/signin/passkey/answer"
        options={options}
        button={text.passkeyButton}
        words={words}
      >
        <input type="hidden" name="next" value={next} />
      </PasskeyForm>
      <BackToSignIn next={next} text={text.otherWay} />
    </Layout>
  );
}

/** Sets a new password by a link. */
export function ResetPage({
  email,
  problem,
  words,
  language,
}: Reader & { readonly email: string; readonly problem: string | null }) {
  const { signin: text } = words;
  return (
    <Layout title={text.resetTitle} words={words} language={language}>
      <Alarm text={problem} />
      <p>{fill(text.resetFor, { email })}</p>
      <form method="post">
        {/* So that password managers know whose it is. */}
        <input type="hidden" name="username" value={email} autocomplete="username" />
        <div class="labelled">
          <label>
            {text.newPassword}
            <input
              type="password"
              name="password"
              autocomplete="new-password"
              minlength={8}
              maxlength={128}
              aria-describedby="password-help"
              required
            />
          </label>
          <span class="help" id="password-help">
            {text.passwordHelp}
          </span>
        </div>
        <button type="submit">{text.resetSubmit}</button>
      </form>
    </Layout>
  );
}

export function ResetGonePage({ words, language }: Reader) {
  const { signin: text } = words;
  return (
    <Layout title={text.resetGoneTitle} words={words} language={language}>
      <p>{text.resetGoneText}</p>
      <p>
        <a class="button quiet" href="/signin">
          {text.toSignIn}
        </a>
      </p>
    </Layout>
  );
}

function Alarm({ text }: { readonly text: Child }) {
  if (text === null) return null;
  return (
    <p class="note alarm" role="alert">
      {text}
    </p>
  );
}

function BackToSignIn({ next, text }: { readonly next: string; readonly text: string }) {
  return (
    <p class="foot">
      <a href={`/signin?next=${encodeURIComponent(next)}`}>{text}</a>
    </p>
  );
}
