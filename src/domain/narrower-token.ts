import { expandPermissions, missingPermissions, type PermissionIndex } from "./permission.ts";

/** A request to issue takes no longer list (`POST …/access-tokens`). */
export const MAX_WRITTEN_PERMISSIONS = 500;

/**
 * The fewest permissions that a token in the place of this one needs: those that it has used, what they
 * require, and what comes with them. Sorted, and as it is a list that the API issues.
 *
 * @param held what the token holds
 * @param used what it was seen using; what it does not hold counts for nothing
 * @returns null when there is no such token that is narrower: nothing was used, all is needed, or a
 *   catalogue has grown so that a new token would get something that this one lacks
 */
export function narrowerPermissions(
  index: PermissionIndex,
  held: readonly string[],
  used: readonly string[],
): readonly string[] | null {
  const holds = new Set(held);
  const needed = withRequired(
    index,
    used.filter((permission) => holds.has(permission)),
  );
  const expanded = expandPermissions(index, { permissions: needed, permissionSets: [] });
  if (!expanded.ok) return null;
  const permissions = expanded.value;
  const isNarrower = permissions.length > 0 && permissions.length < held.length;
  if (!isNarrower || missingPermissions(holds, permissions).length > 0) return null;
  return permissions.length > MAX_WRITTEN_PERMISSIONS ? null : permissions;
}

/** Adds what the permissions require, and what that brings and requires in turn. */
function withRequired(index: PermissionIndex, permissions: readonly string[]): string[] {
  const needed = new Set(permissions);
  // A Set's iterator also visits what is added on the way.
  for (const permission of needed) {
    const known = index.permissions.get(permission);
    for (const more of known?.operation.requires ?? []) needed.add(more);
    for (const more of known?.brings ?? []) needed.add(more);
  }
  return [...needed];
}
