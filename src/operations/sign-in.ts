import { randomBase62 } from "../domain/base62.ts";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { recordChange } from "../store/changes.ts";
import { commit } from "../store/database.ts";
import { insertSession, type SessionRow } from "../store/sessions.ts";
import { findUserByEmail, type UserRow } from "../store/users.ts";
import { auditRow } from "./change.ts";
import { hashCredential, makeId } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import { passwordHolds, pretendToCheck } from "./password.ts";

const COOKIE_CHARACTERS = 40;
const SESSION_MS = 30 * 24 * 3_600_000;

/**
 * Wrong attempts from one address on one account, and from one address on all of them. Nothing counts
 * against an account alone: whoever knows an e-mail address could then lock its owner out.
 */
const ATTEMPTS = {
  onAccount: { limit: 10, windowMs: 600_000 },
  fromAddress: { limit: 60, windowMs: 600_000 },
};

export interface SignIn {
  readonly email: string;
  readonly password: string;
  readonly ip: string | null;
  readonly userAgent: string | null;
}

export interface OpenedSession {
  readonly session: SessionRow;
  /** The cookie's value; stored as a hash. */
  readonly secret: string;
}

/** Opens a session for whoever knows the password; every other reason to refuse looks alike. */
export async function signIn(deps: Deps, attempt: SignIn): Promise<Result<OpenedSession, Refusal>> {
  const email = attempt.email.trim().toLowerCase();
  const wait = await chargeAttempt(deps, email, attempt.ip);
  if (wait !== null) return err({ kind: "rate_limited", retryAfterSeconds: wait });
  const user = await findUserByEmail(deps.db, email);
  const holds =
    user?.passwordHash == null
      ? await pretendToCheck(attempt.password)
      : await passwordHolds(attempt.password, user.passwordHash);
  return holds && user !== undefined
    ? ok(await openSession(deps, user, attempt))
    : err({ kind: "unknown_credential" });
}

/** @returns seconds to wait, null when the attempt may be made */
async function chargeAttempt({ limiter }: Deps, email: string, ip: string | null): Promise<number | null> {
  // Names of Durable Objects hold no personal data (facts: platform, "Durable Objects").
  const account = hashCredential(`${email} ${ip ?? ""}`);
  const charges = await Promise.all([
    limiter(`sign-in:${account}`).take({ ...ATTEMPTS.onAccount, cost: 1 }),
    limiter(`sign-in-from:${hashCredential(ip ?? "")}`).take({ ...ATTEMPTS.fromAddress, cost: 1 }),
  ]);
  const waits = charges.filter(({ allowed }) => !allowed).map(({ retryAfterMs }) => retryAfterMs ?? 0);
  return waits.length === 0 ? null : Math.ceil(Math.max(...waits) / 1000);
}

async function openSession(deps: Deps, user: UserRow, { ip, userAgent }: SignIn): Promise<OpenedSession> {
  const secret = randomBase62(COOKIE_CHARACTERS, deps.randomBytes);
  const now = deps.clock();
  const session: SessionRow = {
    hash: hashCredential(secret),
    id: makeId(deps, "ses"),
    userId: user.id,
    createdAt: now,
    lastSeenAt: now,
    expiresAt: now + SESSION_MS,
    endedAt: null,
    twoFactor: false,
    ip,
    userAgent: userAgent?.slice(0, 300) ?? null,
  };
  const caller = {
    kind: "session",
    sessionId: session.id,
    userId: user.id,
    membership: { role: "", permissions: [] },
  } as const;
  const audit = auditRow(deps, { caller, ip }, { type: "session.opened", teamId: null, subject: session.id });
  await commit(deps.db, [insertSession(deps.db, session), ...recordChange(deps.db, { subjects: [], audit })]);
  return { session, secret };
}
