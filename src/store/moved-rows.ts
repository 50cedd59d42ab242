import { sql, type SQL } from "drizzle-orm";
import type { MovedKind, MovedRange, MovedRow } from "../domain/team-move.ts";
import type { RegionCode } from "../domain/region.ts";
import type { Database } from "./database.ts";

/*
 * What of a team moves to another region, as rows that read the same on both sides: nothing that is sealed or
 * derived from a password, nobody's account, and nothing that only this region knows, such as when a token was last
 * used. What a column holds is told by `COLUMNS`; where it goes, by `arrivals.ts`.
 */

/** Of which team, seen from where, and from when on: what had expired before is left behind. */
export interface MoveScope {
  readonly teamId: string;
  readonly here: RegionCode;
  readonly startedAt: number;
}

const TOKEN_COLUMNS =
  list(`hash:hash made_in:region? name:text profile_id:text? client_id:text? user_id:text? grant_id:text?
    audience:text? proof_key:text? permissions:permissions allowed_ips:texts? rate_limit:number?
    rate_window_seconds:number? created_at:number created_by:text expires_at:number? revoked_at:number?
    revoked_by:text? revocation_effective_by:number?`);

/** Columns in their order, each with what it may hold; a `?` after that: or nothing. */
export const COLUMNS: Readonly<Record<MovedKind, readonly string[]>> = {
  team: list(`name:text slug:text status:standing preferences:object plan:plan billing_contact:object?
    payment_reference:text? require_two_factor:flag sign_in_methods:texts session_minutes:number
    android_enterprise_id:text? version:number created_at:number updated_at:number event_sequence:number`),
  roles: list(
    "name:text description:text permissions:permissions version:number created_at:number updated_at:number",
  ),
  members: list(`email:text user_id:text? role:text status:membership invited_by:text version:number
    created_at:number joined_at:number?`),
  domains: list("name:text challenge:text created_at:number"),
  webhooks: list(
    "url:text description:text? events:texts version:number created_by:text created_at:number updated_at:number",
  ),
  clients: list(`type:client_type name:text homepage_url:text? redirect_uris:texts js_origins:texts
    permissions:permissions jwks:object? regions:texts same_secret_everywhere:flag not_after:number?
    allowed_ips:texts? version:number created_at:number created_by:text updated_at:number`),
  client_secrets: list("hash:hash region:region client_id:text created_at:number expires_at:number?"),
  grants: list(`client_id:text user_id:text? holder:text permissions:permissions audience:text?
    access_type:access_type not_after:number? allowed_ips:texts? created_at:number revoked_at:number?
    revoked_by:text?`),
  consents: list("user_id:text client_id:text permissions:permissions created_at:number updated_at:number"),
  refresh_tokens: list(`hash:hash made_in:region grant_id:text client_id:text user_id:text? holder:text
    proof_key:text? created_at:number rotated_at:number? revoked_at:number? revoked_by:text? revoked_for:ending?`),
  team_tokens: TOKEN_COLUMNS,
  access_tokens: TOKEN_COLUMNS,
};

function list(columns: string): string[] {
  return columns.split(/\s+/);
}

/** The name of a column without what it may hold. */
export function columnName(column: string): string {
  return column.slice(0, column.indexOf(":"));
}

/** Where the rows of a kind come from; every one has a `key`, and the columns under their names. */
const SOURCES: Readonly<Record<MovedKind, (scope: MoveScope) => SQL>> = {
  team: ({ teamId }) => sql`SELECT id AS key, * FROM teams WHERE id = ${teamId}`,
  roles: ({ teamId }) => sql`SELECT id AS key, * FROM roles WHERE team_id = ${teamId}`,
  members: ({ teamId }) => sql`SELECT id AS key, * FROM members WHERE team_id = ${teamId}`,
  domains: ({ teamId }) => sql`SELECT id AS key, * FROM domains WHERE team_id = ${teamId}`,
  webhooks: ({ teamId }) => sql`SELECT id AS key, * FROM webhooks WHERE team_id = ${teamId}`,
  clients: (scope) => sql`
    SELECT id AS key, type, name, homepage_url, redirect_uris, js_origins, permissions, jwks,
      ${placesOf(scope.here)} AS regions, same_secret_everywhere, not_after, allowed_ips, version, created_at,
      created_by, updated_at
    FROM clients WHERE id IN ${ownClients(scope)}`,
  // Where each holds; here, those of the client itself.
  client_secrets: (scope) => sql`
    SELECT hash || ':' || ${scope.here} AS key, hash, ${scope.here} AS region, client_id, created_at, expires_at
    FROM client_secrets WHERE client_id IN ${ownClients(scope)} AND revoked_by IS NULL
      AND (expires_at IS NULL OR expires_at > ${scope.startedAt})
    UNION ALL
    SELECT hash || ':' || region, hash, region, client_id, created_at, expires_at
    FROM region_secrets WHERE client_id IN ${ownClients(scope)} AND region <> ${scope.here}
      AND (expires_at IS NULL OR expires_at > ${scope.startedAt})`,
  grants: (scope) => sql`SELECT id AS key, * FROM grants WHERE ${liveGrants(scope)}`,
  consents: ({ teamId }) =>
    sql`SELECT user_id || ':' || client_id AS key, * FROM consents WHERE team_id = ${teamId}`,
  refresh_tokens: (scope) => sql`
    SELECT id AS key, *, coalesce(moved_from, ${scope.here}) AS made_in
    FROM refresh_tokens WHERE grant_id IN (SELECT id FROM grants WHERE ${liveGrants(scope)})`,
  team_tokens: (scope) => tokens(scope, sql`kind = 'pat'`),
  access_tokens: (scope) => tokens(scope, sql`kind = 'at' AND expires_at > ${scope.startedAt}`),
};

/** In the order of `access_tokens_team`, so that a page is found without sorting. */
function tokens({ teamId, here }: MoveScope, which: SQL): SQL {
  return sql`
    SELECT id AS key, *,
      CASE WHEN moved_from IS NOT NULL THEN moved_from WHEN imported_seq IS NULL THEN ${here} END AS made_in
    FROM access_tokens WHERE team_id = ${teamId} AND ${which}`;
}

/** Those that went with it too, once it was handed over: a row that was lost on the way can be sent again. */
function ownClients({ teamId }: MoveScope): SQL {
  return sql`(SELECT id FROM clients WHERE deleted_at IS NULL
    AND team_id IN (${teamId}, (SELECT lives_in || ':' || id FROM teams WHERE id = ${teamId})))`;
}

function liveGrants({ teamId, startedAt }: MoveScope): SQL {
  return sql`team_id = ${teamId} AND (revoked_at IS NULL OR revoked_at > ${startedAt})`;
}

/** Every region of a client, its home too: the same list seen from each of them. */
function placesOf(here: RegionCode): SQL {
  return sql`'' || (SELECT json_group_array(value) FROM (
    SELECT value FROM json_each(clients.regions) UNION SELECT ${here} ORDER BY 1))`;
}

/** Rows in the order of their keys. */
export async function readMovedRows(
  db: Database,
  scope: MoveScope,
  { kind, after, until, limit }: MovedRange & { readonly limit: number },
): Promise<MovedRow[]> {
  const quoted = COLUMNS[kind].map((column) => sql.raw(`json_quote(${columnName(column)})`));
  const end = until === null ? sql`` : sql`AND key <= ${until}`;
  return db.all<MovedRow>(sql`
    SELECT key, '[' || ${sql.join(quoted, sql.raw(" || ',' || "))} || ']' AS row
    FROM (${SOURCES[kind](scope)}) WHERE key > ${after} ${end} ORDER BY key LIMIT ${limit}`);
}

/** What was read of a team stays true as long as this does. */
export async function readLastChange(db: Database, teamId: string): Promise<number> {
  const row = await db.get<{ last: number }>(sql`SELECT ${lastChange(teamId)} AS last`);
  return row.last;
}

/** The place of a team's last change in the audit trail; records that go with no change do not count. */
export function lastChange(teamId: string): SQL {
  return sql`coalesce((SELECT rowid FROM audit_events WHERE team_id = ${teamId}
    AND type NOT IN ('check.strict', 'check.denied', 'access.denied', 'rate_limit.exceeded', 'sso.refused')
    ORDER BY rowid DESC LIMIT 1), 0)`;
}
