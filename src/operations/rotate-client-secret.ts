import { CLIENT_TYPE_RULES } from "../domain/client.ts";
import type { Refusal } from "../domain/refusal.ts";
import type { RegionCode } from "../domain/region.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { listSecretsInForce, rotateClientSecret as rotate, type ClientRow } from "../store/clients.ts";
import { commitIfHolds } from "../store/database.ts";
import { countRegionSecrets } from "../store/registrations.ts";
import { auditRow, type Actor } from "./change.ts";
import { escapingBounds, reachingClient } from "./client-rules.ts";
import type { CreatedClient } from "./create-client.ts";
import { hashCredential, makeCredential } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import { journalEnded } from "./journal-watch.ts";
import { makeRegionSecrets } from "./regions/region-secrets.ts";
import type { Keep } from "./remember-answer.ts";
import { showClient } from "./show-client.ts";
import { subjects } from "./subjects.ts";

/** At once: more would be a way to hoard them. */
const MAX_SECRETS = 5;

/**
 * Gives a client a new secret; the ones before it hold for the overlap, so that no request fails meanwhile.
 * @param regions whose secret: the home region's holds there alone, or everywhere if it is the same one
 */
export async function rotateClientSecret(
  deps: Deps,
  which: { teamId: string; id: string },
  { overlapSeconds, regions }: { overlapSeconds: number; regions: readonly RegionCode[] },
  actor: Actor,
  keep: Keep<ClientRow>,
): Promise<Result<CreatedClient, Refusal>> {
  const { db } = deps;
  for (;;) {
    const found = await showClient(deps, which);
    if (!found.ok) return found;
    const client = found.value;
    const { id, teamId } = client;
    if (!CLIENT_TYPE_RULES[client.type].confidential || client.jwks !== null)
      return err({ kind: "keeps_no_secret" });
    const refusal = reachingClient(actor.caller, client) ?? escapingBounds(actor.caller, client);
    if (refusal !== null) return err(refusal);
    const bad = regions.findIndex(
      (region, place) =>
        regions.indexOf(region) !== place ||
        (region !== deps.region && (client.sameSecretEverywhere || !client.regions.includes(region))),
    );
    if (bad !== -1) return err({ kind: "invalid_member", member: `regions[${bad}]`, problem: "invalid" });
    const isHome = regions.includes(deps.region);
    const others = regions.filter((region) => region !== deps.region);
    const inForce = await listSecretsInForce(db, { clientId: id, now: deps.clock() });
    const there = await countRegionSecrets(db, { clientId: id, regions: others, now: deps.clock() });
    const most = Math.max(isHome ? inForce.length : 0, there);
    if (overlapSeconds > 0 && most >= MAX_SECRETS)
      return err({ kind: "too_many_secrets", limit: MAX_SECRETS });

    const secret = isHome ? makeCredential(deps, "cs") : null;
    const audit = auditRow(deps, actor, {
      type: "client.secret_rotated",
      teamId,
      subject: id,
      detail: { after: { overlap_seconds: overlapSeconds, ...(others.length === 0 ? {} : { regions }) } },
    });
    const { at } = audit;
    const expiresAt = at + overlapSeconds * 1000;
    const row =
      secret === null ? null : { hash: hashCredential(secret), clientId: id, createdAt: at, expiresAt: null };
    const elsewhere = makeRegionSecrets(deps, others, { clientId: id, createdAt: at });
    const record = { subjects: [subjects.client(id)], audit };
    const rotated = { ...client, version: client.version + 1, changedBy: audit.id, updatedAt: at };
    const statements = rotate(db, {
      client,
      secret: row,
      elsewhere: elsewhere.rows,
      expiresAt,
      record,
    });
    if (!(await commitIfHolds(db, [...statements, ...keep(rotated)]))) continue;
    // A leaked secret is what one rotates for: a restored database must not bring it back.
    const ended = (isHome ? inForce : []).map((old) => ({
      kind: "client_secret" as const,
      id: old.hash,
      at: Math.min(old.expiresAt ?? expiresAt, expiresAt),
    }));
    await journalEnded(deps, ...ended);
    return ok({ client: rotated, secret, regionSecrets: elsewhere.secrets });
  }
}
