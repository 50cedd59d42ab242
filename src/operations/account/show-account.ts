import { listPasskeys, type PasskeyRow } from "../../store/passkeys.ts";
import { countRecoveryCodes, findTotp } from "../../store/second-factors.ts";
import { listSessionsOf, type SessionRow } from "../../store/sessions.ts";
import { findUser } from "../../store/users.ts";
import type { Deps } from "../deps.ts";
import { connectableBy, type ConnectableSso } from "../offer-sso.ts";
import { isIdle } from "../open-session.ts";
import type { Self } from "./self.ts";

export interface Account {
  /** False in a session that single sign-on opened: only its own sessions are shown then. */
  readonly isOwn: boolean;
  readonly hasPassword: boolean;
  /** Milliseconds; null where it is the first one, or there is none. */
  readonly passwordSetAt: number | null;
  /** Milliseconds; null: no authenticator app is asked for. */
  readonly totpSince: number | null;
  readonly recoveryCodes: number;
  readonly passkeys: readonly PasskeyRow[];
  /** Live ones, the last used first. */
  readonly sessions: readonly SessionRow[];
  readonly connectable: readonly ConnectableSso[];
}

/** How a person signs in, and where they are signed in. */
export async function showAccount(deps: Deps, self: Self): Promise<Account> {
  const { db } = deps;
  const { userId, ssoTeamId } = self;
  const now = deps.clock();
  const isOwn = ssoTeamId === null;
  const [user, totp, recoveryCodes, passkeys, sessions, connectable] = await Promise.all([
    findUser(db, userId),
    findTotp(db, userId),
    countRecoveryCodes(db, userId),
    listPasskeys(db, userId),
    listSessionsOf(db, { userId, now }),
    isOwn ? connectableBy(deps, userId) : [],
  ]);
  return {
    isOwn,
    hasPassword: user?.passwordHash != null,
    passwordSetAt: user?.passwordSetAt ?? null,
    totpSince: totp?.confirmedAt ?? null,
    recoveryCodes,
    passkeys,
    sessions: sessions.filter(
      (session) => !isIdle(session, now) && (isOwn || session.ssoTeamId === ssoTeamId),
    ),
    connectable,
  };
}
