import { recordChange } from "../../store/changes.ts";
import { commitIfHolds } from "../../store/database.ts";
import { usePushedRequest } from "../../store/pushed-requests.ts";
import { auditRowOf } from "../change.ts";
import type { Deps } from "../deps.ts";
import type { AtBrowser } from "./at-browser.ts";
import type { AuthorizationRequest } from "./authorization-request.ts";
import type { Consenter } from "./list-places.ts";

/**
 * Writes down that somebody did not allow it, in the trail of the team that it was about.
 * @param teamId as it was chosen; a person with one team need not choose, and others need not to deny
 * @returns false: the pushed request was used meanwhile
 */
export async function denyAuthorization(
  deps: Deps,
  {
    request: { client, permissions, pushed },
    person: { userId, sessionId, places },
    teamId,
  }: {
    readonly request: AuthorizationRequest;
    readonly person: Consenter;
    readonly teamId: string | null;
  },
  { ip }: AtBrowser,
): Promise<boolean> {
  const team = places.length === 1 ? places[0] : places.find((place) => place.teamId === teamId);
  const audit = auditRowOf(
    deps,
    { actor: sessionId, owner: userId, ip },
    {
      type: "grant.denied",
      teamId: team?.teamId ?? null,
      subject: client.id,
      detail: { client: client.id, user: userId, permissions },
    },
  );
  return commitIfHolds(deps.db, [
    ...(pushed === null ? [] : usePushedRequest(deps.db, { hash: pushed, at: audit.at })),
    ...recordChange(deps.db, { subjects: [], audit }),
  ]);
}
