import type { Catalogue } from "../domain/catalogue.ts";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import { knownPermissions } from "./records.ts";

export async function listCatalogues(deps: Deps, moment: Moment): Promise<readonly Catalogue[]> {
  return [...(await knownPermissions(deps.records, moment)).catalogues.values()];
}

export async function showCatalogue(
  deps: Deps,
  service: string,
  moment: Moment,
): Promise<Result<Catalogue, Refusal>> {
  const catalogue = (await knownPermissions(deps.records, moment)).catalogues.get(service);
  return catalogue === undefined ? err({ kind: "not_found", noun: "catalogue" }) : ok(catalogue);
}
