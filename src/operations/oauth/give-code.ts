import { recordChange } from "../../store/changes.ts";
import { refuseChangedClient } from "../../store/clients.ts";
import { refuseSessionEnded, rememberConsent } from "../../store/consents.ts";
import { commitIfHolds } from "../../store/database.ts";
import { insertGrant, insertGrantToken } from "../../store/grants.ts";
import { refuseNoMember } from "../../store/members.ts";
import { usePushedRequest } from "../../store/pushed-requests.ts";
import { auditRowOf } from "../change.ts";
import { cookieHash } from "../cookie-hash.ts";
import { hashCredential, makeCredential, makeId } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import type { AtBrowser } from "./at-browser.ts";
import type { AuthorizationRequest } from "./authorization-request.ts";
import type { Consenter } from "./list-places.ts";

export interface Accepted {
  readonly request: AuthorizationRequest;
  readonly person: Consenter;
  readonly teamId: string;
  readonly accessType: "online" | "offline";
  /** Whether the person had allowed it before and was not asked again. */
  readonly isRemembered: boolean;
}

/**
 * Makes the grant that somebody has accepted, and its code (RFC 6749, section 4.1.2). Nothing comes of it when
 * meanwhile the client changed or was deleted, the person left the team or signed out, or the pushed request
 * was used.
 * @returns the code; null: that is how it was
 */
export async function giveCode(
  deps: Deps,
  { request, person, teamId, accessType, isRemembered }: Accepted,
  { cookie, ip }: AtBrowser,
): Promise<string | null> {
  const { db } = deps;
  const { client, permissions, pushed } = request;
  const { userId, sessionId } = person;
  const code = makeCredential(deps, "gc");
  const grantId = makeId(deps, "grt");
  const audit = auditRowOf(
    deps,
    { actor: sessionId, owner: userId, ip },
    {
      type: isRemembered ? "grant.repeated" : "grant.accepted",
      teamId,
      subject: grantId,
      detail: { client: client.id, user: userId, permissions, access_type: accessType },
    },
  );
  const { at } = audit;
  const won = await commitIfHolds(db, [
    refuseChangedClient(db, client),
    refuseNoMember(db, { teamId, userId }),
    refuseSessionEnded(db, cookieHash(deps, cookie ?? "")),
    ...(pushed === null ? [] : usePushedRequest(db, { hash: pushed, at })),
    insertGrant(db, {
      id: grantId,
      teamId,
      clientId: client.id,
      userId,
      holder: userId,
      permissions: [...permissions],
      audience: request.audience,
      accessType,
      notAfter: null,
      allowedIps: null,
      createdAt: at,
      revokedAt: null,
      revokedBy: null,
    }),
    insertGrantToken(db, {
      hash: hashCredential(code),
      grantId,
      clientId: client.id,
      redirectUri: request.back.redirectUri,
      codeChallenge: request.codeChallenge,
      proofKey: request.proofKey,
      createdAt: at,
      expiresAt: at + deps.oauth.grantTokenSeconds * 1000,
      usedAt: null,
      usedBy: null,
      retryFingerprint: null,
      retryAnswer: null,
    }),
    ...(isRemembered ? [] : [rememberConsent(db, { userId, clientId: client.id, teamId, at, permissions })]),
    ...recordChange(db, { subjects: [], audit }),
  ]);
  return won ? code : null;
}
