import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { wasRecorded } from "../store/changes.ts";
import { commit } from "../store/database.ts";
import { deleteService as deleteServiceRow, findService, type ServiceRow } from "../store/services.ts";
import { auditRow, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { journalEnd } from "./journal-watch.ts";
import { subjects } from "./subjects.ts";

/** Ends a service: its keys die within the freshness bound, as a revoked token does. */
export async function deleteService(
  deps: Deps,
  id: string,
  actor: Actor,
): Promise<Result<{ service: ServiceRow; effectiveBy: number }, Refusal>> {
  const { db } = deps;
  const service = await findService(db, id);
  if (service === undefined) return err({ kind: "not_found", noun: "service" });
  const { name, catalogues, resource } = service;
  const audit = auditRow(deps, actor, {
    type: "service.deleted",
    teamId: null,
    subject: id,
    detail: { before: { name, catalogues, resource } },
  });
  const known = await journalEnd(deps, { kind: "service", id, at: audit.at });
  const record = { subjects: [subjects.service(id)], audit };
  await commit(db, [...known, ...deleteServiceRow(db, { id, record })]);
  // Somebody else was faster: to whoever comes after that, it is gone.
  if (!(await wasRecorded(db, audit.id))) return err({ kind: "not_found", noun: "service" });
  return ok({ service, effectiveBy: deps.clock() + deps.freshnessMs });
}
