import type { Catalogue, Operation, PermissionSet, Resource } from "./catalogue.ts";
import type { Refusal } from "./refusal.ts";
import { err, ok, type Result } from "./result.ts";

/**
 * What all catalogues say, ready for look-up by the strings that people write. Maps and sets, never
 * plain objects: a submitted `constructor` or `__proto__` then finds nothing.
 */
export interface PermissionIndex {
  readonly catalogues: ReadonlyMap<string, Catalogue>;
  /** By `Service.Resource.OPERATION`; `ALL` is no operation and is not among them. */
  readonly permissions: ReadonlyMap<string, KnownPermission>;
  /** By `Service.Resource`: the permissions of the resource, in the catalogue's order. */
  readonly resources: ReadonlyMap<string, readonly string[]>;
  readonly permissionSets: ReadonlyMap<string, PermissionSet>;
  readonly strict: ReadonlySet<string>;
}

export interface KnownPermission {
  readonly resource: Resource;
  readonly operation: Operation;
  /** What comes with it at once: the grades below it and what it implies. */
  readonly brings: readonly string[];
}

/** Permissions as a request writes them: exact, grades, `Service.Resource.ALL`, and names of sets. */
export interface WrittenPermissions {
  readonly permissions: readonly string[];
  readonly permissionSets: readonly string[];
}

/** Who confers something: the operator, who holds everything, or the holder of a list. */
export type Holder =
  | { readonly kind: "everything" }
  | { readonly kind: "permissions"; readonly permissions: readonly string[] };

/**
 * Builds the index of catalogues that passed `validateCatalogue`; of two with the same names the
 * last one counts.
 */
export function indexCatalogues(catalogues: Iterable<Catalogue>): PermissionIndex {
  const byService = new Map<string, Catalogue>();
  const permissions = new Map<string, KnownPermission>();
  const resources = new Map<string, readonly string[]>();
  const permissionSets = new Map<string, PermissionSet>();
  const strict = new Set<string>();
  for (const catalogue of catalogues) {
    byService.set(catalogue.service, catalogue);
    for (const set of catalogue.permissionSets) permissionSets.set(set.name, set);
    for (const resource of catalogue.resources) {
      const path = `${catalogue.service}.${resource.name}`;
      const all = resource.operations.map((operation) => `${path}.${operation.name}`);
      resources.set(path, all);
      for (const [grade, operation] of resource.operations.entries()) {
        const permission = `${path}.${operation.name}`;
        const below = resource.graded ? all.slice(0, grade) : [];
        permissions.set(permission, { resource, operation, brings: [...below, ...operation.implies] });
        if (operation.strict) strict.add(permission);
      }
    }
  }
  return { catalogues: byService, permissions, resources, permissionSets, strict };
}

/**
 * Turns what a request wrote into the list that a token stores: sorted by code unit, each once.
 *
 * @returns the list, which is empty when nothing was written; `unknown_permission` with the place of
 * the first one that no catalogue has (permissions before sets); `required_permission_absent` with
 * the permissions that the written ones require and the request does not bring.
 */
export function expandPermissions(
  index: PermissionIndex,
  written: WrittenPermissions,
): Result<readonly string[], Refusal> {
  const expanded = new Set<string>();
  for (const [place, text] of written.permissions.entries()) {
    const named = namedBy(index, text);
    if (named === undefined) return err({ kind: "unknown_permission", member: `permissions[${place}]` });
    for (const permission of named) expanded.add(permission);
  }
  for (const [place, name] of written.permissionSets.entries()) {
    const named = namedBySet(index, name);
    if (named === undefined) return err({ kind: "unknown_permission", member: `permission_sets[${place}]` });
    for (const permission of named) expanded.add(permission);
  }
  addWhatComesWith(index, expanded);

  const required = [...expanded].flatMap((held) => index.permissions.get(held)?.operation.requires ?? []);
  const missing = missingPermissions(expanded, required);
  if (missing.length > 0) return err({ kind: "required_permission_absent", missing });
  return ok([...expanded].sort());
}

/** The wanted permissions that are not held, sorted, each once. Exact strings: nothing is expanded. */
export function missingPermissions(
  held: readonly string[] | ReadonlySet<string>,
  wanted: Iterable<string>,
): string[] {
  const have = asSet(held);
  return sortedOnce(wanted, (permission) => !have.has(permission));
}

/**
 * "Nothing confers more than its maker holds" (contract, section 3), for tokens, roles, memberships,
 * clients, grants and exchanges alike.
 *
 * @param wanted expanded permissions; an unexpanded `ALL` is a string that nobody holds
 * @returns what the maker may not confer, sorted; empty: it may all be conferred
 */
export function exceeding(maker: Holder, wanted: Iterable<string>): string[] {
  return maker.kind === "everything" ? [] : missingPermissions(maker.permissions, wanted);
}

/**
 * What is left of conferred permissions when their maker holds less than before (contract, section 5:
 * a demoted member's grants shrink). Two expanded lists leave one that is closed again.
 */
export function intersect(maker: Holder, conferred: Iterable<string>): string[] {
  const gone = new Set(exceeding(maker, conferred));
  return sortedOnce(conferred, (permission) => !gone.has(permission));
}

/** Those of the permissions whose checks must read the store's primary, sorted. */
export function strictOf(index: PermissionIndex, permissions: Iterable<string>): string[] {
  return sortedOnce(permissions, (permission) => index.strict.has(permission));
}

/** The service that a permission names, by its text alone; empty when the text names none. */
export function serviceOf(permission: string): string {
  return permission.slice(0, Math.max(0, permission.indexOf(".")));
}

/** The permissions that an exact permission or a `Service.Resource.ALL` names; undefined: nobody knows it. */
export function namedBy(index: PermissionIndex, text: string): readonly string[] | undefined {
  if (index.permissions.has(text)) return [text];
  return text.endsWith(ALL_SUFFIX) ? index.resources.get(text.slice(0, -ALL_SUFFIX.length)) : undefined;
}

const ALL_SUFFIX = ".ALL";

function namedBySet(index: PermissionIndex, name: string): readonly string[] | undefined {
  return index.permissionSets.get(name)?.permissions.flatMap((text) => namedBy(index, text) ?? []);
}

function addWhatComesWith(index: PermissionIndex, expanded: Set<string>): void {
  // A Set's iterator also visits what is added on the way, so this ends at the closure, cycles included.
  for (const permission of expanded) {
    for (const brought of index.permissions.get(permission)?.brings ?? []) expanded.add(brought);
  }
}

function asSet(permissions: readonly string[] | ReadonlySet<string>): ReadonlySet<string> {
  return "has" in permissions ? permissions : new Set(permissions);
}

function sortedOnce(permissions: Iterable<string>, keep: (permission: string) => boolean): string[] {
  return [...new Set(permissions)].filter(keep).sort();
}
