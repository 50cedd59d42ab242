import type { DecidedDevice } from "../../operations/oauth/decide-device.ts";
import type { DeviceRequest } from "../../operations/oauth/show-device-request.ts";
import { isOffered } from "../../operations/oauth/weigh-places.ts";
import { Layout } from "../console/layout.tsx";
import { durationOf, Homepage, Teams } from "./consent-page.tsx";
import { ScopeList } from "./scope-list.tsx";

export interface CodeView {
  readonly email: string;
  readonly userCode: string;
  /** What was wrong with the last attempt, null at first. */
  readonly problem: string | null;
}

/** Where a person types what their device shows (RFC 8628, section 3.3). */
export function DeviceCodePage({ email, userCode, problem }: CodeView) {
  return (
    <Layout title="Connect a device">
      <Problem text={problem} />
      <form method="post" action="/device">
        <label>
          Code on your device
          <input
            name="user_code"
            value={userCode}
            autocomplete="off"
            autocapitalize="characters"
            spellcheck={false}
            maxlength={40}
            required
          />
        </label>
        <button type="submit">Continue</button>
      </form>
      <p class="muted">Signed in as {email}.</p>
    </Layout>
  );
}

export interface ConsentView extends DeviceRequest {
  readonly email: string;
  readonly userCode: string;
  readonly problem: string | null;
}

/**
 * What a device asks for. Whoever sent somebody a code of a device of their own would get what is accepted here,
 * so the page says so where it is decided (RFC 8628, section 5.4).
 */
export function DeviceConsentPage({ app, scopes, lasts, choices, email, userCode, problem }: ConsentView) {
  const offered = choices.filter(isOffered);
  const [only] = offered;
  return (
    <Layout title="Let this device in?">
      <Problem text={problem} />
      <p>
        {/* A name may be written in any direction, and must not turn ours around. */}
        <strong>
          <bdi>{app.name}</bdi>
        </strong>{" "}
        asks to be able to do this for you:
      </p>
      <Homepage url={app.homepageUrl} />
      <ScopeList scopes={scopes} />
      <p>{durationOf(lasts)}</p>
      <p>
        <strong>Only continue if the code {userCode} is on a device in front of you.</strong> If somebody sent
        it to you, deny: they would act in your name.
      </p>
      <form method="post" action="/device/decision">
        <input type="hidden" name="user_code" value={userCode} />
        <Teams choices={choices} chosen={offered.length === 1 && only !== undefined ? only.teamId : null} />
        <div class="answers">
          {offered.length === 0 ? null : (
            <button type="submit" name="decision" value="accept">
              Accept
            </button>
          )}
          <button type="submit" name="decision" value="deny" formnovalidate>
            Deny
          </button>
        </div>
      </form>
      <p class="muted">Signed in as {email}.</p>
    </Layout>
  );
}

export function DeviceDonePage({ app, accepted }: DecidedDevice) {
  return (
    <Layout title={accepted ? "Device connected" : "Device turned away"}>
      <p>
        <bdi>{app}</bdi>{" "}
        {accepted
          ? "has what it asked for. You can go back to your device and close this page."
          : "gets nothing. You can close this page."}
      </p>
    </Layout>
  );
}

function Problem({ text }: { readonly text: string | null }) {
  return text === null ? null : (
    <p class="alarm" role="alert">
      {text}
    </p>
  );
}
