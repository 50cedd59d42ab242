import type { DecidedDevice } from "../../operations/oauth/decide-device.ts";
import type { DeviceRequest } from "../../operations/oauth/show-device-request.ts";
import { isOffered } from "../../operations/oauth/weigh-places.ts";
import { Layout } from "../console/layout.tsx";
import { Problem } from "../console/parts.tsx";
import { fill, fillWith } from "../console/words/fill.ts";
import type { Reader } from "../console/words/index.ts";
import { Answers, Asker, Teams } from "./consent-page.tsx";
import { ScopeList } from "./scope-list.tsx";

export interface CodeView {
  readonly email: string;
  readonly userCode: string;
  /** What was wrong with the last attempt, null at first. */
  readonly problem: string | null;
  readonly reader: Reader;
}

/** Where a person types what their device shows (RFC 8628, section 3.3). */
export function DeviceCodePage({ email, userCode, problem, reader: { words, language } }: CodeView) {
  const { device: text } = words;
  return (
    <Layout title={text.title} words={words} language={language}>
      <p class="muted">{text.lead}</p>
      <Problem text={problem} words={words} />
      <form method="post" action="/device">
        <label>
          {text.code}
          <input
            class="secret"
            name="user_code"
            value={userCode}
            autocomplete="off"
            autocapitalize="characters"
            spellcheck={false}
            maxlength={40}
            dir="ltr"
            required
          />
        </label>
        <button type="submit">{text.next}</button>
      </form>
      <p class="foot muted">{fill(words.frame.signedInAs, { email })}</p>
    </Layout>
  );
}

export interface DeviceConsentView extends DeviceRequest {
  readonly email: string;
  readonly userCode: string;
  readonly problem: string | null;
  readonly reader: Reader;
}

/**
 * What a device asks for. Whoever sent somebody a code of a device of their own would get what is accepted here,
 * so the page says so where it is decided (RFC 8628, section 5.4).
 */
export function DeviceConsentPage(view: DeviceConsentView) {
  const { app, scopes, lasts, choices, email, userCode, problem } = view;
  const { words, language } = view.reader;
  const { device: text, consent } = words;
  const offered = choices.filter(isOffered);
  const [only] = offered;
  return (
    <Layout title={text.consent} words={words} language={language}>
      <Problem text={problem} words={words} />
      <Asker name={app.name} homepageUrl={app.homepageUrl} asks={consent.asks} />
      <ScopeList scopes={scopes} words={words} />
      <p>{consent.lasts[lasts]}</p>
      <div class="note">
        <strong>{fillWith(text.only, { code: <bdi class="whole">{userCode}</bdi> })}</strong>
        <p>{text.warning}</p>
      </div>
      <form method="post" action="/device/decision">
        <input type="hidden" name="user_code" value={userCode} />
        <Teams
          choices={choices}
          chosen={offered.length === 1 && only !== undefined ? only.teamId : null}
          words={words}
        />
        <Answers mayAccept={offered.length > 0} words={words} />
      </form>
      <p class="foot muted">{fill(words.frame.signedInAs, { email })}</p>
    </Layout>
  );
}

export function DeviceDonePage({
  app,
  accepted,
  reader: { words, language },
}: DecidedDevice & { readonly reader: Reader }) {
  const { device: text } = words;
  return (
    <Layout title={accepted ? text.accepted : text.denied} words={words} language={language}>
      <p>{fillWith(accepted ? text.acceptedText : text.deniedText, { app: <bdi>{app}</bdi> })}</p>
    </Layout>
  );
}
