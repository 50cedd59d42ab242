import type { Deps } from "../deps.ts";
import type { Moment } from "../moment.ts";
import { knownPermissions } from "../records.ts";

/**
 * Every permission that a scope can name, sorted.
 * @param service of one catalogue alone
 */
export async function knownScopes(
  { records }: Pick<Deps, "records">,
  moment: Moment,
  service?: string,
): Promise<string[]> {
  const { permissions } = await knownPermissions(records, moment);
  const all = [...permissions.keys()].sort();
  return service === undefined ? all : all.filter((permission) => permission.startsWith(`${service}.`));
}
