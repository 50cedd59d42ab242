import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { findClient, type ClientRow } from "../store/clients.ts";
import type { Deps } from "./deps.ts";

export type { ClientRow } from "../store/clients.ts";

export async function showClient(
  deps: Pick<Deps, "db">,
  which: { teamId: string; id: string },
): Promise<Result<ClientRow, Refusal>> {
  const client = await findClient(deps.db, which);
  return client === undefined ? err({ kind: "not_found", noun: "client" }) : ok(client);
}
