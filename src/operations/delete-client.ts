import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { deleteClient as deleteClientRow, type ClientRow } from "../store/clients.ts";
import { commitIfHolds } from "../store/database.ts";
import { settleRevocations } from "../store/revocations.ts";
import { auditRow, type Actor } from "./change.ts";
import { audibleClient } from "./create-client.ts";
import type { Deps } from "./deps.ts";
import { journalEnded } from "./journal-watch.ts";
import { showClient } from "./show-client.ts";
import { subjects } from "./subjects.ts";

export interface DeletedClient {
  readonly client: ClientRow;
  /** Milliseconds: no check received later than this accepts anything that it was given. */
  readonly effectiveBy: number;
}

/**
 * Deletes a client and takes everything with it that it holds (contract, section 5). Of parallel deletions
 * one finds it there.
 * @param expected whether the caller's `If-Match` holds for the client as it is now
 */
export async function deleteClient(
  deps: Deps,
  which: { teamId: string; id: string },
  expected: (client: ClientRow) => boolean,
  actor: Actor,
): Promise<Result<DeletedClient, Refusal>> {
  const { db } = deps;
  for (;;) {
    const found = await showClient(deps, which);
    if (!found.ok) return found;
    const client = found.value;
    if (!expected(client)) return err({ kind: "precondition_failed" });
    const { id, teamId } = client;
    const audit = auditRow(deps, actor, {
      type: "client.deleted",
      teamId,
      subject: id,
      detail: { before: audibleClient(client) },
    });
    const record = { subjects: [subjects.client(id)], audit };
    // If the client has changed meanwhile: look again.
    if (!(await commitIfHolds(db, deleteClientRow(db, { client, record })))) continue;
    // Reckoned after the commit, because the bound counts from there (see `endToken`).
    const effectiveBy = deps.clock() + deps.freshnessMs;
    await settleRevocations(db, { auditId: audit.id, effectiveBy });
    await journalEnded(deps, { kind: "client", id, at: audit.at });
    return ok({ client, effectiveBy });
  }
}
