import type { Refusal } from "../../domain/refusal.ts";
import type { DecidedDevice } from "../../operations/oauth/decide-device.ts";
import type { DeviceRequest, OfferedTeam } from "../../operations/oauth/show-device-request.ts";
import { Layout } from "../console/layout.tsx";
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
      <p class="muted">Signed in as {email}.</p>
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
export function DeviceConsentPage({ app, scopes, offline, teams, email, userCode, problem }: ConsentView) {
  const open = teams.filter(({ missing, refusal }) => refusal === null && missing.length === 0);
  return (
    <Layout title={`Let ${app.name} in?`}>
      <p class="muted">Signed in as {email}.</p>
      <Problem text={problem} />
      <p>
        <strong>Only continue if the code {userCode} is on a device in front of you.</strong> If somebody sent
        it to you, deny: they would act in your name.
      </p>
      <p>
        {app.name}
        {app.homepageUrl === null ? null : ` (${app.homepageUrl})`} asks for this
        {offline ? ", until you withdraw it" : ", for an hour"}:
      </p>
      <ScopeList scopes={scopes} />
      <form method="post" action="/device/decision">
        <input type="hidden" name="user_code" value={userCode} />
        <Teams open={open} />
        {open.length === 0 ? null : (
          <button type="submit" name="decision" value="accept">
            Accept
          </button>
        )}
        <button type="submit" name="decision" value="deny">
          Deny
        </button>
      </form>
      <ClosedTeams teams={teams.filter((team) => !open.includes(team))} />
    </Layout>
  );
}

export function DeviceDonePage({ app, accepted }: DecidedDevice) {
  return (
    <Layout title={accepted ? "Device connected" : "Device turned away"}>
      <p>
        {accepted
          ? `${app} has what it asked for. You can go back to your device and close this page.`
          : `${app} gets nothing. You can close this page.`}
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

function Teams({ open }: { readonly open: readonly OfferedTeam[] }) {
  const [only] = open;
  if (only === undefined) return null;
  if (open.length === 1) {
    return (
      <p>
        <input type="hidden" name="team" value={only.id} />
        In the team {only.name}.
      </p>
    );
  }
  return (
    <label>
      In the team
      <select name="team" required>
        {open.map(({ id, name }) => (
          <option value={id}>{name}</option>
        ))}
      </select>
    </label>
  );
}

/** Why a team is not offered, so that nobody looks for it in vain. */
function ClosedTeams({ teams }: { readonly teams: readonly OfferedTeam[] }) {
  if (teams.length === 0) return null;
  return (
    <section>
      <h2>Not possible in</h2>
      <ul>
        {teams.map(({ name, missing, refusal }) => (
          <li>
            {name}: {refusal === null ? `you do not hold ${missing.join(", ")} there.` : whyNot(refusal)}
          </li>
        ))}
      </ul>
    </section>
  );
}

function whyNot(refusal: Refusal): string {
  switch (refusal.kind) {
    case "sign_in_method_not_allowed":
      return "this team wants you to sign in in another way.";
    case "second_factor_required":
      return "this team wants you to sign in with a second factor.";
    case "team_suspended":
      return "this team is suspended.";
    default:
      return "your session there is over. Sign in again.";
  }
}
