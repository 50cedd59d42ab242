import { isWebPage } from "../../../domain/redirect-uri.ts";
import { disconnectApp } from "../../../operations/disconnect-app.ts";
import { listConnectedApps, type ConnectedApp } from "../../../operations/list-connected-apps.ts";
import { scopesInWords } from "../../../operations/oauth/scopes-in-words.ts";
import { ScopeList } from "../../oauth/scope-list.tsx";
import { sessionCookie } from "../../session-cookie.ts";
import { browserOf } from "../page.ts";
import { formatDay } from "../format.ts";
import { Confirm, Done, Empty } from "../parts.tsx";
import type { Outcome, PersonPage, Visit } from "../visit.ts";
import { fill, fillCount } from "../words/fill.ts";

const PATH = "/console/me/connected-apps";
const DAY_MS = 86_400_000;

/** Away for longer than any of one's teams allows. */
const SIGN_IN: Outcome = { redirect: `/signin?next=${encodeURIComponent(PATH)}` };

/** A person's own consents, each revocable (contract, section 11). */
export const connectedAppsPage: PersonPage = {
  path: "/connected-apps",
  nav: "apps",
  async show(visit) {
    const { words, query } = visit;
    const { apps: text } = words;
    const apps = await readApps(visit);
    if (apps === null) return SIGN_IN;
    const cards = await Promise.all(apps.map((app) => card(visit, app)));
    return {
      title: words.nav.apps,
      content: (
        <>
          <p class="lead">{text.lead}</p>
          <Done text={query.has("revoked") ? text.revoked : null} />
          {cards.length === 0 ? (
            <Empty>
              <p>{text.empty}</p>
            </Empty>
          ) : (
            <ul class="cards">{cards}</ul>
          )}
        </>
      ),
    };
  },
  async act({ deps, request, moment }, form) {
    const which = { clientId: form.get("client") ?? "", teamId: form.get("team") ?? "" };
    const by = { cookie: sessionCookie(request), ip: browserOf(request).ip };
    const teamId = await disconnectApp(deps, which, by, moment);
    if (teamId === null) return { redirect: PATH };
    deps.auditSealer.soon(teamId, moment);
    return { redirect: `${PATH}?revoked=1` };
  },
};

/** Asks before an application loses what it has. */
export const revokeAppPage: PersonPage = {
  path: "/connected-apps/revoke",
  nav: "apps",
  async show(visit) {
    const { words, query } = visit;
    const { apps: text } = words;
    const apps = await readApps(visit);
    if (apps === null) return SIGN_IN;
    const app = apps.find(
      ({ clientId, teamId }) => clientId === query.get("client") && teamId === query.get("team"),
    );
    if (app === undefined) return { redirect: PATH };
    return {
      title: fill(text.revokeTitle, { app: app.name }),
      content: (
        <Confirm action={PATH} yes={text.revokeYes} back={PATH} words={words}>
          <p>{fill(text.revokeText, { team: app.teamName })}</p>
          <input type="hidden" name="client" value={app.clientId} />
          <input type="hidden" name="team" value={app.teamId} />
        </Confirm>
      ),
    };
  },
};

async function readApps({ deps, request, moment }: Visit): Promise<readonly ConnectedApp[] | null> {
  const cookie = sessionCookie(request);
  const found = cookie === null ? null : await listConnectedApps(deps, cookie, moment);
  return found?.apps ?? null;
}

async function card({ deps, moment, words, language }: Visit, app: ConnectedApp) {
  const { clientId, name, homepageUrl, teamId, teamName, permissions, since } = app;
  const { apps: text } = words;
  const day = formatDay(since / DAY_MS, language);
  const which = new URLSearchParams({ client: clientId, team: teamId });
  return (
    <li>
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
      <p>{fill(text.where, { team: teamName, day })}</p>
      <details>
        <summary>{fillCount(text.rights, permissions.length, language)}</summary>
        <ScopeList scopes={await scopesInWords(deps, permissions, moment)} words={words} />
      </details>
      <a
        class="button quiet"
        href={`${PATH}/revoke?${which.toString()}`}
        aria-label={fill(text.revokeOf, { app: name, team: teamName })}
      >
        {text.revoke}
      </a>
    </li>
  );
}
