import type { Catalogue } from "../../domain/catalogue.ts";
import type { IssuedToken } from "../../operations/issue-token.ts";
import type { CreatedTeam } from "../../operations/create-team.ts";

type TokenRow = IssuedToken["row"];
type TeamRow = CreatedTeam["team"];

/** Milliseconds as the wire writes times. */
export function isoTime(milliseconds: number): string;
export function isoTime(milliseconds: number | null): string | null;
export function isoTime(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}

/** An access token without its secret or hash. */
export function presentToken(row: TokenRow) {
  return {
    id: row.id,
    team: row.teamId,
    name: row.name,
    profile_id: row.profileId,
    permissions: row.permissions,
    created_at: isoTime(row.createdAt),
    created_by: row.createdBy,
    expires_at: isoTime(row.expiresAt),
    last_used_at: isoTime(row.lastUsedAt),
    revoked_at: isoTime(row.revokedAt),
    allowed_ips: row.allowedIps,
    rate_limit:
      row.rateLimit === null || row.rateWindowSeconds === null
        ? null
        : { limit: row.rateLimit, window_seconds: row.rateWindowSeconds },
    // Of the others the answer stays the one that the contract lists.
    ...(row.importedSeq === null || row.movedFrom !== null ? {} : { imported: true }),
  };
}

export function presentTeam(row: TeamRow) {
  return {
    id: row.id,
    name: row.name,
    slug: row.slug,
    status: row.status,
    plan: row.plan,
    preferences: row.preferences,
    created_at: isoTime(row.createdAt),
    updated_at: isoTime(row.updatedAt),
  };
}

export function presentCatalogue(catalogue: Catalogue) {
  const { permissionSets, ...rest } = catalogue;
  return { ...rest, permission_sets: permissionSets };
}
