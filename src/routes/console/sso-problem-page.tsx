import type { SsoRefusal } from "../../domain/sso-refusal.ts";
import { Layout } from "./layout.tsx";
import type { PageStatus } from "./page.ts";

/** What went wrong, and what to do: our own words alone, for what a provider says may be anybody's. */
export function SsoProblemPage({ refusal }: { readonly refusal: SsoRefusal }) {
  return (
    <Layout title="Single sign-on">
      <p class="alarm" role="alert">
        {textOf(refusal)}
      </p>
      <p>
        <a href="/signin">Back to sign-in</a>
      </p>
    </Layout>
  );
}

export function statusOf({ kind }: SsoRefusal): PageStatus {
  switch (kind) {
    case "stale_flow":
    case "unknown_connection":
      return 400;
    case "rate_limited":
      return 429;
    case "provider_failed":
      return 503;
    case "sign_in_first":
      return 401;
    case "already_connected":
      return 409;
    case "team_suspended":
    case "sso_not_allowed":
    case "provider_declined":
    case "address_not_admitted":
    case "not_invited":
    case "invitation_beyond_connection":
    case "account_exists":
    case "not_a_member":
      return 403;
  }
}

function textOf(refusal: SsoRefusal): string {
  switch (refusal.kind) {
    case "rate_limited":
      return `Too many attempts. Try again in ${refusal.retryAfterSeconds} s.`;
    case "unknown_connection":
      return "There is no such single sign-on connection. An administrator of the team may have removed it.";
    case "team_suspended":
      return "The team is suspended. Its administrators can ask the operator why.";
    case "sso_not_allowed":
      return "The team does not let its members sign in by single sign-on.";
    case "provider_failed":
      return "Your identity provider did not answer properly. Try again; if that does not help, tell an administrator of the team, whose audit trail names the cause.";
    case "provider_declined":
      return "Your identity provider did not sign you in.";
    case "stale_flow":
      return "This sign-in was finished already, began in another browser, or took too long. Start again.";
    case "address_not_admitted":
      return "Your identity provider gave no verified e-mail address in a domain of the team.";
    case "not_invited":
      return "You are not in this team yet. Ask an administrator of the team for an invitation.";
    case "invitation_beyond_connection":
      return "This invitation cannot be accepted by single sign-on. Open the link that you were sent.";
    case "account_exists":
      return "There is an account with your e-mail address already. Sign in to it as usual, then connect single sign-on from your own page.";
    case "not_a_member":
      return "Your account is not a member of this team. Ask an administrator of the team for an invitation.";
    case "sign_in_first":
      return "To connect an account, sign in to it first, with your password and not by single sign-on.";
    case "already_connected":
      return "Your account, or the one at your identity provider, is connected to another one already.";
  }
}
