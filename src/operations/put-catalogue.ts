import { builtInCatalogues, builtInIndex } from "../catalogues/index.ts";
import { lostPermissions, validateCatalogue } from "../domain/catalogue-rules.ts";
import type { Catalogue } from "../domain/catalogue.ts";
import { indexCatalogues } from "../domain/permission.ts";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { putCatalogue as putCatalogueRow, readCatalogues, type CatalogueRow } from "../store/catalogues.ts";
import { wasRecorded } from "../store/changes.ts";
import { commitIfHolds } from "../store/database.ts";
import { auditRow, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import { rereadCatalogues } from "./records.ts";
import { subjects } from "./subjects.ts";

export interface PutCatalogue {
  readonly catalogue: Catalogue;
  readonly created: boolean;
}

/**
 * Defines a catalogue of the operator's, or lets it grow. It can lose nothing: live tokens hold its
 * permissions, and a name that comes back must not mean something else.
 */
export async function putCatalogue(
  deps: Deps,
  candidate: Catalogue,
  actor: Actor,
  moment: Moment,
): Promise<Result<PutCatalogue, Refusal>> {
  if (builtInIndex.catalogues.has(candidate.service)) {
    return err({ kind: "already_exists", noun: "catalogue", member: "service" });
  }
  for (;;) {
    const { catalogues } = await readCatalogues(deps.db);
    const before = catalogues.find(({ service }) => service === candidate.service);
    const others = catalogues.filter((row) => row !== before).map(({ definition }) => definition);
    const valid = validateCatalogue(candidate, indexCatalogues([...builtInCatalogues, ...others]));
    if (!valid.ok) return valid;
    const lost = before === undefined ? [] : lostPermissions(before.definition, candidate);
    if (lost.length > 0) return err({ kind: "catalogue_would_lose", permissions: lost });
    // Another change may come between: look again, so that nothing that it added is lost.
    if (await tryPut(deps, candidate, before, actor)) {
      await rereadCatalogues(deps.records, moment);
      return ok({ catalogue: candidate, created: before === undefined });
    }
  }
}

async function tryPut(
  deps: Deps,
  definition: Catalogue,
  before: CatalogueRow | undefined,
  actor: Actor,
): Promise<boolean> {
  const audit = auditRow(deps, actor, {
    type: before === undefined ? "catalogue.created" : "catalogue.updated",
    teamId: null,
    subject: definition.service,
    detail: {
      ...(before === undefined ? {} : { before: before.definition }),
      after: definition,
    },
  });
  const record = { subjects: [subjects.catalogues()], audit };
  const put = putCatalogueRow(deps.db, { definition, replaces: before?.changedBy ?? null, record });
  return (await commitIfHolds(deps.db, put)) && wasRecorded(deps.db, audit.id);
}
