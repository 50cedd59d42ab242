import type { Refusal } from "../domain/refusal.ts";
import { listAccessTokens, type AccessTokenRow } from "../store/access-tokens.ts";
import type { Deps } from "./deps.ts";
import { identifySession } from "./identify-session.ts";
import type { Moment } from "./moment.ts";
import { connectableBy, type ConnectableSso } from "./offer-sso.ts";
import { showPerson } from "./show-person.ts";

export interface TeamTokens {
  readonly name: string;
  /** The newest ones; null: the person may not see them, for the reason beside it. */
  readonly tokens: readonly SeenToken[] | null;
  readonly refusal: Refusal | null;
}

export interface SeenToken extends Pick<AccessTokenRow, "name" | "permissions" | "lastUsedAt"> {
  readonly state: "live" | "expired" | "revoked";
}

export interface Home {
  readonly email: string;
  readonly teams: readonly TeamTokens[];
  /** OpenID connections of their teams; a session that came by one connects no account. */
  readonly connectable: readonly ConnectableSso[];
}

const SHOWN_TOKENS = 50;

/** The first page of whoever is signed in by this cookie; null: nobody is. */
export async function showHome(deps: Deps, cookie: string, moment: Moment): Promise<Home | null> {
  const person = await showPerson(deps, cookie, moment);
  if (person === null) return null;
  const teams = await Promise.all(
    person.teams.map(async ({ id, name }): Promise<TeamTokens> => {
      const needs = { team: id, permission: "EMM.AccessTokens.VIEW" };
      const caller = await identifySession(deps, cookie, needs, moment);
      if (!caller.ok) return { name, tokens: null, refusal: caller.error };
      const rows = await listAccessTokens(deps.db, { teamId: id, limit: SHOWN_TOKENS, cursor: null });
      const tokens = rows.map((row) => ({ ...row, state: stateOf(row, moment.arrivedAt) }));
      return { name, tokens, refusal: null };
    }),
  );
  const connectable = person.ssoTeamId === null ? await connectableBy(deps, person.userId) : [];
  return { email: person.email, teams, connectable };
}

function stateOf({ revokedAt, expiresAt }: AccessTokenRow, now: number): SeenToken["state"] {
  if (revokedAt !== null) return "revoked";
  return expiresAt !== null && expiresAt <= now ? "expired" : "live";
}
