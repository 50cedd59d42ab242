import type { Database } from "../store/database.ts";
import { nameClients, nameMembers, nameRoles, nameTokens, type Named, type Wanted } from "../store/names.ts";
import type { Deps } from "./deps.ts";

/** What has a name, by the beginning of its id, and what it takes to be told the name (contract, section 5). */
const KINDS: readonly {
  readonly prefix: RegExp;
  readonly permission: string;
  readonly names: (db: Database, wanted: Wanted) => Promise<Named[]>;
}[] = [
  { prefix: /^(?:usr|mem)_/, permission: "EMM.Members.VIEW", names: nameMembers },
  { prefix: /^tok_/, permission: "EMM.AccessTokens.VIEW", names: nameTokens },
  { prefix: /^cli_/, permission: "EMM.AccessTokens.VIEW", names: nameClients },
  { prefix: /^rol_/, permission: "EMM.Roles.VIEW", names: nameRoles },
];

/**
 * Names for ids of a team, as far as whoever asks may know them from the API anyway; what is gone, or is not the
 * team's, has none.
 * @param may whether whoever asks holds a permission in the team
 */
export async function nameIds(
  { db }: Pick<Deps, "db">,
  teamId: string,
  ids: readonly string[],
  may: (permission: string) => boolean,
): Promise<ReadonlyMap<string, string>> {
  const found = await Promise.all(
    KINDS.map(async ({ prefix, permission, names }) => {
      const wanted = [...new Set(ids.filter((id) => prefix.test(id)))];
      return wanted.length === 0 || !may(permission) ? [] : names(db, { teamId, ids: wanted });
    }),
  );
  return new Map(found.flat().map(({ id, name }) => [id, name]));
}
