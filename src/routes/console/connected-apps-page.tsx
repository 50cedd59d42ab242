import { isWebPage } from "../../domain/redirect-uri.ts";
import type { ConnectedApp } from "../../operations/list-connected-apps.ts";
import { isoTime } from "../api/present.ts";
import { Layout } from "./layout.tsx";

export interface ConnectedAppsProps {
  /** Null: nothing is shown but what was wrong. */
  readonly email: string | null;
  readonly apps: readonly ConnectedApp[];
  readonly problem: string | null;
}

/** A person's own consents, each revocable (contract, section 11). */
export function ConnectedAppsPage({ email, apps, problem }: ConnectedAppsProps) {
  return (
    <Layout title="Connected apps">
      {problem === null ? null : (
        <p class="alarm" role="alert">
          {problem}
        </p>
      )}
      {email === null ? null : <p class="muted">Signed in as {email}.</p>}
      {email !== null && apps.length === 0 ? <p>You have allowed no application anything.</p> : null}
      {apps.map((app) => (
        <App app={app} />
      ))}
      <p>
        <a href="/console">Your teams</a>
      </p>
    </Layout>
  );
}

function App({ app }: { readonly app: ConnectedApp }) {
  const { clientId, name, homepageUrl, teamId, teamName, permissions, since } = app;
  return (
    <section>
      <h2>
        <bdi>{name}</bdi>
      </h2>
      {homepageUrl === null || !isWebPage(homepageUrl) ? null : (
        <p>
          <a href={homepageUrl} rel="noopener noreferrer" target="_blank">
            {homepageUrl}
          </a>
        </p>
      )}
      <p>
        In the team <strong>{teamName}</strong>, since {isoTime(since)?.slice(0, 10)}:
      </p>
      <ul>
        {permissions.map((permission) => (
          <li>
            <code>{permission}</code>
          </li>
        ))}
      </ul>
      <form method="post" action="/console/me/connected-apps">
        <input type="hidden" name="client" value={clientId} />
        <input type="hidden" name="team" value={teamId} />
        <button type="submit" aria-label={`Revoke what ${name} may do in ${teamName}`}>
          Revoke
        </button>
      </form>
    </section>
  );
}
