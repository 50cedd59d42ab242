import { randomBase62 } from "../domain/base62.ts";
import { recordChange } from "../store/changes.ts";
import type { Statement } from "../store/database.ts";
import { refuseNoMember } from "../store/members.ts";
import { insertSession, type SessionRow } from "../store/sessions.ts";
import { auditRow } from "./change.ts";
import { cookieHash } from "./cookie-hash.ts";
import { makeId } from "./credentials.ts";
import type { Deps } from "./deps.ts";

const COOKIE_CHARACTERS = 40;
const SESSION_MS = 30 * 24 * 3_600_000;

/** A session that nobody has used for so long is over, wherever it acts; a team can ask for less. */
const IDLE_MS = 7 * 24 * 3_600_000;

export function isIdle({ lastSeenAt }: Pick<SessionRow, "lastSeenAt">, now: number): boolean {
  return lastSeenAt + IDLE_MS <= now;
}

/** Where a person signs in from. */
export interface Browser {
  readonly ip: string | null;
  readonly userAgent: string | null;
}

/** Whom a session is for, and how they have shown who they are. */
export interface Proof extends Pick<SessionRow, "userId" | "method" | "twoFactor"> {
  /** The connection by which they came, and its team; null for other methods. */
  readonly sso: { readonly teamId: string; readonly connectionId: string } | null;
}

export interface OpenedSession {
  readonly session: SessionRow;
  /** The cookie's value; stored as a hash. */
  readonly secret: string;
}

/** A new session, and the writes that open it, for a batch that may hold more. */
export function newSession(
  deps: Deps,
  { userId, method, twoFactor, sso }: Proof,
  { ip, userAgent }: Browser,
): { readonly opened: OpenedSession; readonly statements: readonly Statement[] } {
  const secret = randomBase62(COOKIE_CHARACTERS, deps.randomBytes);
  const now = deps.clock();
  const session: SessionRow = {
    hash: cookieHash(deps, secret),
    id: makeId(deps, "ses"),
    userId,
    createdAt: now,
    lastSeenAt: now,
    expiresAt: now + SESSION_MS,
    endedAt: null,
    twoFactor,
    ip,
    userAgent: userAgent?.slice(0, 300) ?? null,
    method,
    ssoTeamId: sso?.teamId ?? null,
    ssoConnectionId: sso?.connectionId ?? null,
  };
  const audit = auditRow(
    deps,
    { caller: sessionCaller({ sessionId: session.id, userId }), ip },
    {
      type: "session.opened",
      teamId: sso?.teamId ?? null,
      subject: session.id,
      detail: {
        method,
        ...(twoFactor ? { two_factor: true } : {}),
        ...(sso === null ? {} : { connection: sso.connectionId }),
      },
    },
  );
  const statements = [
    ...refuseStranger(deps, userId),
    insertSession(deps.db, session),
    ...recordChange(deps.db, { subjects: [], audit }),
  ];
  return { opened: { session, secret }, statements };
}

/** Undoes the batch, on a tenant's domain, for whoever is no member of that team: they are nobody there. */
export function refuseStranger({ db, tenant }: Deps, userId: string): Statement[] {
  return tenant === null ? [] : [refuseNoMember(db, { teamId: tenant.teamId, userId })];
}

/** A session as the one who acts, where no team's permissions are in play. */
export function sessionCaller({ sessionId, userId }: { sessionId: string; userId: string }) {
  return { kind: "session", sessionId, userId, membership: { role: "", permissions: [] } } as const;
}
