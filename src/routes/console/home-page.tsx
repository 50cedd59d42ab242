import type { TeamTokens } from "../../operations/show-home.ts";
import { isoTime } from "../api/present.ts";
import { Layout } from "./layout.tsx";

/** What a person sees first: their teams, and the access tokens of each that they may see. */
export function HomePage({
  email,
  teams,
}: {
  readonly email: string;
  readonly teams: readonly TeamTokens[];
}) {
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
      <h2>Done?</h2>
      <form method="post" action="/signout">
        <button type="submit">Sign out</button>
      </form>
    </Layout>
  );
}

function Tokens({ team: { tokens } }: { readonly team: TeamTokens }) {
  if (tokens === null) return <p class="muted">Your role does not show you this team's access tokens.</p>;
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
