import type { PermissionIndex } from "../../domain/permission.ts";
import type { Deps } from "../deps.ts";
import type { Moment } from "../moment.ts";
import { knownPermissions } from "../records.ts";

/** A permission as a person who is to give it away reads it. */
export interface ScopeInWords {
  readonly permission: string;
  /** What it is about; empty as below. */
  readonly resource: string;
  /** Of the operation, as the catalogue has it; empty where no catalogue knows it any more. */
  readonly description: string;
  readonly strict: boolean;
}

/** What the catalogues say of these permissions, in their order. */
export async function scopesInWords(
  { records }: Pick<Deps, "records">,
  permissions: readonly string[],
  moment: Moment,
): Promise<readonly ScopeInWords[]> {
  const index = await knownPermissions(records, moment);
  return permissions.map((permission) => inWords(index, permission));
}

function inWords({ permissions, strict }: PermissionIndex, permission: string): ScopeInWords {
  const known = permissions.get(permission);
  const resource = known?.resource.description ?? "";
  const description = known?.operation.description ?? "";
  return { permission, resource, description, strict: strict.has(permission) };
}
