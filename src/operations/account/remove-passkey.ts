import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { recordChange } from "../../store/changes.ts";
import { commitIfHolds } from "../../store/database.ts";
import { deletePasskey, findPasskey, type PasskeyRow } from "../../store/passkeys.ts";
import type { Deps } from "../deps.ts";
import { journalEnded } from "../journal-watch.ts";
import { selfAudit, type Self } from "./self.ts";

/** One of a person's own passkeys; null where they may not change it. */
export async function showPasskey(deps: Deps, self: Self, id: string): Promise<PasskeyRow | null> {
  if (self.ssoTeamId !== null) return null;
  return (await findPasskey(deps.db, { userId: self.userId, id })) ?? null;
}

/** Takes a passkey off the account; nobody signs in by it any more. */
export async function removePasskey(deps: Deps, self: Self, id: string): Promise<Result<null, Refusal>> {
  const { db } = deps;
  const passkey = await showPasskey(deps, self, id);
  if (passkey === null) return err({ kind: "unknown_path" });
  const detail = { name: passkey.name };
  const audit = selfAudit(deps, self, { type: "user.passkey_removed", subject: id, detail });
  const isRemoved = await commitIfHolds(db, [
    ...deletePasskey(db, id),
    ...recordChange(db, { subjects: [], audit }),
  ]);
  if (!isRemoved) return err({ kind: "unknown_path" });
  await journalEnded(deps, { kind: "passkey", id, at: audit.at });
  return ok(null);
}
