import { expandPermissions, type PermissionIndex } from "./permission.ts";
import type { OAuthRefusal } from "./oauth-refusal.ts";
import { err, type Result } from "./result.ts";

/** No request needs more, and a longer one would only be a way to make a request slow. */
export const MAX_SCOPES = 200;

/** RFC 6749, section 3.3, and seed 002's commas. */
export function splitScope(scope: string): string[] {
  return [...new Set(scope.split(/[ ,]+/).filter((part) => part !== ""))];
}

/** As answers write it: one space between (RFC 6749, section 3.3). */
export function writeScope(permissions: readonly string[]): string {
  return permissions.join(" ");
}

/**
 * What a scope asks for, expanded as a token would store it.
 * @param scope as it was sent: permissions and `Service.Resource.ALL`, with commas or spaces between
 * @param granted what is there already and counts as asked for too, so that nothing that it brings is missing
 * @returns sorted permissions; `invalid_scope` in one of its kinds for anything else
 */
export function readScope(
  index: PermissionIndex,
  scope: string,
  granted: readonly string[] = [],
): Result<readonly string[], OAuthRefusal> {
  const written = splitScope(scope);
  if (written.length === 0) return err({ kind: "scope_missing" });
  if (written.length > MAX_SCOPES) return err({ kind: "scope_too_long", limit: MAX_SCOPES });
  const expanded = expandPermissions(index, { permissions: [...written, ...granted], permissionSets: [] });
  if (expanded.ok) return expanded;
  if (expanded.error.kind === "required_permission_absent") {
    return err({ kind: "scope_requires", missing: expanded.error.missing });
  }
  return err({ kind: "scope_unknown" });
}
