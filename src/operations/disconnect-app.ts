import { wasRecorded } from "../store/changes.ts";
import { revokeConsent } from "../store/consents.ts";
import { commit } from "../store/database.ts";
import { auditRowOf } from "./change.ts";
import type { Deps } from "./deps.ts";
import { journalEnded } from "./journal-watch.ts";
import { identifyConsenter } from "./list-connected-apps.ts";
import type { Moment } from "./moment.ts";
import type { AtBrowser } from "./oauth/at-browser.ts";

/**
 * Takes back what the person who is signed in has allowed an application in a team: their consent, and every
 * grant with its codes and tokens, within the freshness bound. Nobody else's is touched.
 * @returns the team's id, null when nobody is signed in or the session does not reach that team
 * @throws {Unavailable} when the journal does not answer: it has ended then, and may come back with a restore
 */
export async function disconnectApp(
  deps: Deps,
  { clientId, teamId }: { readonly clientId: string; readonly teamId: string },
  { cookie, ip }: AtBrowser,
  moment: Moment,
): Promise<string | null> {
  const person = cookie === null ? null : await identifyConsenter(deps, cookie, moment);
  if (person === null || !person.places.some((place) => place.teamId === teamId)) return null;
  const { userId, sessionId } = person;
  const audit = auditRowOf(
    deps,
    { actor: sessionId, owner: userId, ip },
    {
      type: "consent.revoked",
      teamId,
      subject: clientId,
      detail: { client: clientId, user: userId, cause: "revoked by the user" },
    },
  );
  const record = { subjects: [], audit };
  await commit(deps.db, revokeConsent(deps.db, { userId, clientId, teamId, record }));
  if (!(await wasRecorded(deps.db, audit.id))) return teamId;
  await journalEnded(deps, { kind: "consent", id: `${userId}:${clientId}:${teamId}`, at: audit.at });
  return teamId;
}
