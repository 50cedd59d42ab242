import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { recordChange } from "../store/changes.ts";
import { commit } from "../store/database.ts";
import { expireServiceKeys, findService, insertServiceKey } from "../store/services.ts";
import { auditRow, type Actor } from "./change.ts";
import { hashCredential, makeCredential } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import { subjects } from "./subjects.ts";

export interface RotatedKey {
  readonly key: string;
  /** Milliseconds: until when the keys before it still hold. */
  readonly previousExpireAt: number;
}

/** Gives a service a new key; the ones before it hold for the overlap, so that no call fails meanwhile. */
export async function rotateServiceKey(
  deps: Deps,
  id: string,
  overlapSeconds: number,
  actor: Actor,
): Promise<Result<RotatedKey, Refusal>> {
  const { db } = deps;
  if ((await findService(db, id)) === undefined) return err({ kind: "not_found", noun: "service" });
  const key = makeCredential(deps, "sk");
  const audit = auditRow(deps, actor, {
    type: "service.key_rotated",
    teamId: null,
    subject: id,
    detail: { after: { overlap_seconds: overlapSeconds } },
  });
  const previousExpireAt = audit.at + overlapSeconds * 1000;
  await commit(db, [
    // Before the new key is there, so that it is not among those that end.
    expireServiceKeys(db, { serviceId: id, expiresAt: previousExpireAt }),
    insertServiceKey(db, { hash: hashCredential(key), serviceId: id, createdAt: audit.at, expiresAt: null }),
    ...recordChange(db, { subjects: [subjects.service(id)], audit }),
  ]);
  return ok({ key, previousExpireAt });
}
