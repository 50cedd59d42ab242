import type { ConnectableSso } from "../../operations/offer-sso.ts";
import type { Home, TeamTokens } from "../../operations/show-home.ts";
import { isoTime } from "../api/present.ts";
import { Layout } from "./layout.tsx";

/** What a person sees first: their teams, and the access tokens of each that they may see. */
export function HomePage({ email, teams, connectable }: Home) {
  return (
    <Layout title="Your teams">
      <p class="muted">Signed in as {email}.</p>
      {teams.length === 0 ? <p>You are in no team yet. An invitation link brings you into one.</p> : null}
      {teams.map((team) => (
        <section>
          <h2>{team.name}</h2>
          <Tokens team={team} />
        </section>
      ))}
      {connectable.length === 0 ? null : <Connections connectable={connectable} />}
      <h2>Done?</h2>
      <form method="post" action="/signout">
        <button type="submit">Sign out</button>
      </form>
    </Layout>
  );
}

function Connections({ connectable }: { readonly connectable: readonly ConnectableSso[] }) {
  return (
    <section>
      <h2>Single sign-on</h2>
      {connectable.map(({ id, name, team, isConnected }) =>
        isConnected ? (
          <p>
            {name} ({team}): connected.
          </p>
        ) : (
          <form method="post" action="/signin/sso">
            <input type="hidden" name="connection" value={id} />
            <input type="hidden" name="link" value="1" />
            <button type="submit">
              Connect {name} ({team})
            </button>
          </form>
        ),
      )}
    </section>
  );
}

function Tokens({ team: { tokens, refusal } }: { readonly team: TeamTokens }) {
  if (tokens === null) return <p class="muted">{whyNot(refusal)}</p>;
  if (tokens.length === 0) return <p class="muted">No access tokens yet.</p>;
  return (
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col">Access token</th>
            <th scope="col">Permissions</th>
            <th scope="col">Last used (UTC)</th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => (
            <tr>
              <td>{token.name}</td>
              <td>{token.permissions.length}</td>
              <td>{isoTime(token.lastUsedAt)?.slice(0, 16).replace("T", " ") ?? "never"}</td>
              <td>{token.state}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function whyNot(refusal: TeamTokens["refusal"]): string {
  switch (refusal?.kind) {
    case "sign_in_method_not_allowed":
      return "This team wants you to sign in another way.";
    case "second_factor_required":
      return "This team wants you to sign in with a second factor.";
    case "team_suspended":
      return "This team is suspended.";
    default:
      return "Your role does not show you this team's access tokens.";
  }
}
