import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { recordChange } from "../store/changes.ts";
import { commit } from "../store/database.ts";
import { insertService, insertServiceKey, type ServiceRow } from "../store/services.ts";
import { auditRow, type Actor } from "./change.ts";
import { hashCredential, makeCredential, makeId } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import { knownPermissions } from "./records.ts";

export interface ServiceRequest {
  readonly name: string;
  /** The catalogues that it sees and asks about; null: all. */
  readonly catalogues: readonly string[] | null;
  /** The resource (RFC 8707) that tokens for it may be bound to. */
  readonly resource: string | null;
}

/** Registers a service and makes its first key, which this answer alone shows. */
export async function createService(
  deps: Deps,
  request: ServiceRequest,
  actor: Actor,
  moment: Moment,
): Promise<Result<{ service: ServiceRow; key: string }, Refusal>> {
  const index = await knownPermissions(deps.records, moment);
  const unknown = request.catalogues?.findIndex((service) => !index.catalogues.has(service)) ?? -1;
  if (unknown >= 0)
    return err({ kind: "invalid_member", member: `catalogues[${unknown}]`, problem: "invalid" });

  const key = makeCredential(deps, "sk");
  const service: ServiceRow = {
    id: makeId(deps, "svc"),
    name: request.name,
    catalogues: request.catalogues === null ? null : [...request.catalogues],
    resource: request.resource,
    createdAt: deps.clock(),
    deletedAt: null,
  };
  const audit = auditRow(deps, actor, {
    type: "service.created",
    teamId: null,
    subject: service.id,
    detail: {
      after: { name: service.name, catalogues: service.catalogues, resource: service.resource },
    },
  });
  const { db } = deps;
  await commit(db, [
    insertService(db, service),
    insertServiceKey(db, {
      hash: hashCredential(key),
      serviceId: service.id,
      createdAt: service.createdAt,
      expiresAt: null,
    }),
    ...recordChange(db, { subjects: [], audit }),
  ]);
  return ok({ service, key });
}
