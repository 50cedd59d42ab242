/**
 * A permission catalogue: every right that one service knows, as data.
 * A permission is written `Service.Resource.OPERATION` everywhere.
 */
export interface Catalogue {
  readonly service: string;
  readonly description: string;
  readonly resources: readonly Resource[];
  readonly permissionSets: readonly PermissionSet[];
}

export interface Resource {
  readonly name: string;
  readonly description: string;
  /** Graded: the operations are levels, lowest first, and each includes those before it. */
  readonly graded: boolean;
  readonly operations: readonly Operation[];
}

export interface Operation {
  readonly name: string;
  readonly description: string;
  /** Checks of a strict permission always read the store's primary. */
  readonly strict: boolean;
  /** Permissions (whole strings) that a request must also hold, or it is refused. */
  readonly requires: readonly string[];
  /** Permissions (whole strings) that come with this one. */
  readonly implies: readonly string[];
}

/** A named list of permissions; a way of writing, expanded when something is issued. */
export interface PermissionSet {
  readonly name: string;
  readonly description: string;
  /** Exact permissions, grades or `Service.Resource.ALL`. */
  readonly permissions: readonly string[];
}
