import { CLIENT_TYPE_RULES } from "../domain/client.ts";
import type { Refusal } from "../domain/refusal.ts";
import { isRegionCode, type RegionCode } from "../domain/region.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { updateClient as updateClientRow, type ClientChange, type ClientRow } from "../store/clients.ts";
import { commitIfHolds } from "../store/database.ts";
import { deleteRegionSecrets, insertRegionSecrets } from "../store/registrations.ts";
import { auditRow, type Actor } from "./change.ts";
import {
  clientPermissions,
  escapingBounds,
  reachingClient,
  readClientFields,
  readRegions,
  type ClientFields,
} from "./client-rules.ts";
import { audibleClient, hasOwnSecrets } from "./create-client.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import { knownPermissions } from "./records.ts";
import { makeRegionSecrets, type RegionSecrets } from "./regions/region-secrets.ts";
import { showClient } from "./show-client.ts";
import { subjects } from "./subjects.ts";

/** What a client is to be; what is left out stays as it is. */
export interface ClientEdit extends ClientFields {
  readonly name?: string;
  /** As they are written. */
  readonly permissions?: readonly string[];
  /** Beside the home region. */
  readonly regions?: readonly RegionCode[];
}

export interface UpdatedClient {
  readonly client: ClientRow;
  /** For the regions in which it is enabled from now on; this answer is the only place where they ever stand. */
  readonly regionSecrets: RegionSecrets;
}

/**
 * Changes a client. The caller must hold all that the client may be granted: who sets its redirect URIs or
 * keys acts as the client. What was granted already is not touched.
 * @param expected whether the caller's `If-Match` holds for the client as it is now
 */
export async function updateClient(
  deps: Deps,
  which: { teamId: string; id: string },
  edit: ClientEdit,
  expected: (client: ClientRow) => boolean,
  actor: Actor,
  moment: Moment,
): Promise<Result<UpdatedClient, Refusal>> {
  for (;;) {
    const found = await showClient(deps, which);
    if (!found.ok) return found;
    const client = found.value;
    if (!expected(client)) return err({ kind: "precondition_failed" });
    const refusal = reachingClient(actor.caller, client);
    if (refusal !== null) return err(refusal);
    const change = await changeOf(deps, client, edit, actor, moment);
    if (!change.ok) return change;
    const isGiven = edit.jwks != null || enabledBy(client, change.value).some(() => hasOwnSecrets(client));
    const escaping = isGiven ? escapingBounds(actor.caller, client) : null;
    if (escaping !== null) return err(escaping);
    const changed = await tryUpdate(deps, client, change.value, actor);
    // If another change came between: look again, so that neither is lost.
    if (changed !== null) return ok(changed);
  }
}

async function changeOf(
  deps: Deps,
  client: ClientRow,
  { name, permissions: written, regions: wanted, ...fields }: ClientEdit,
  { caller }: Actor,
  moment: Moment,
): Promise<Result<ClientChange, Refusal>> {
  const read = await readClientFields(client.type, fields);
  if (!read.ok) return read;
  const regions = wanted === undefined ? ok(undefined) : readRegions(wanted, deps.region);
  if (!regions.ok) return regions;
  if (CLIENT_TYPE_RULES[client.type].redirects !== null && read.value.redirectUris?.length === 0)
    return err({ kind: "invalid_member", member: "redirect_uris", problem: "missing" });
  if (read.value.jwks != null && client.sameSecretEverywhere)
    return err({ kind: "member_not_for_type", member: "jwks", type: client.type });
  const named = {
    ...(name === undefined ? {} : { name }),
    ...(regions.value === undefined ? {} : { regions: regions.value }),
  };
  if (written === undefined) return ok({ ...named, ...read.value });
  const index = await knownPermissions(deps.records, moment);
  const permissions = clientPermissions(index, written, caller, client.permissions);
  return permissions.ok ? ok({ ...named, ...read.value, permissions: permissions.value }) : permissions;
}

/** @returns null when somebody else changed the client first. */
async function tryUpdate(
  deps: Deps,
  client: ClientRow,
  change: ClientChange,
  actor: Actor,
): Promise<UpdatedClient | null> {
  const { db } = deps;
  const { id: clientId, teamId, version } = client;
  const before = Object.fromEntries(
    Object.keys(change).map((key) => [key, client[key as keyof ClientChange]]),
  );
  const audit = auditRow(deps, actor, {
    type: "client.updated",
    teamId,
    subject: clientId,
    detail: { before: audibleClient(before), after: audibleClient(change) },
  });
  const record = { subjects: [subjects.client(clientId)], audit };
  const changed = { ...client, ...change, version: version + 1, changedBy: audit.id, updatedAt: audit.at };
  const gone = client.regions.filter((region) => !changed.regions.includes(region));
  const enabled = enabledBy(client, change);
  const elsewhere = makeRegionSecrets(deps, hasOwnSecrets(changed) ? enabled : [], {
    clientId,
    createdAt: audit.at,
  });
  const won = await commitIfHolds(db, [
    ...updateClientRow(db, { client, change, record }),
    ...deleteRegionSecrets(db, { clientId, regions: gone }),
    ...insertRegionSecrets(db, elsewhere.rows),
  ]);
  return won ? { client: changed, regionSecrets: elsewhere.secrets } : null;
}

/** The regions in which a change enables a client that was not enabled there. */
function enabledBy({ regions: before }: ClientRow, { regions = before }: ClientChange): RegionCode[] {
  return regions.filter(isRegionCode).filter((region) => !before.includes(region));
}
