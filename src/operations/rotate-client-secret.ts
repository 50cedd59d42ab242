import { CLIENT_TYPE_RULES } from "../domain/client.ts";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { listSecretsInForce, rotateClientSecret as rotate, type ClientRow } from "../store/clients.ts";
import { commitIfHolds } from "../store/database.ts";
import { auditRow, type Actor } from "./change.ts";
import { escapingBounds, reachingClient } from "./client-rules.ts";
import type { CreatedClient } from "./create-client.ts";
import { hashCredential, makeCredential } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import { journalEnded } from "./journal-watch.ts";
import type { Keep } from "./remember-answer.ts";
import { showClient } from "./show-client.ts";
import { subjects } from "./subjects.ts";

/** At once: more would be a way to hoard them. */
const MAX_SECRETS = 5;

/** Gives a client a new secret; the ones before it hold for the overlap, so that no request fails meanwhile. */
export async function rotateClientSecret(
  deps: Deps,
  which: { teamId: string; id: string },
  overlapSeconds: number,
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
    const inForce = await listSecretsInForce(db, { clientId: id, now: deps.clock() });
    if (overlapSeconds > 0 && inForce.length >= MAX_SECRETS)
      return err({ kind: "too_many_secrets", limit: MAX_SECRETS });

    const secret = makeCredential(deps, "cs");
    const audit = auditRow(deps, actor, {
      type: "client.secret_rotated",
      teamId,
      subject: id,
      detail: { after: { overlap_seconds: overlapSeconds } },
    });
    const { at } = audit;
    const expiresAt = at + overlapSeconds * 1000;
    const row = { hash: hashCredential(secret), clientId: id, createdAt: at, expiresAt: null };
    const record = { subjects: [subjects.client(id)], audit };
    const rotated = { ...client, version: client.version + 1, changedBy: audit.id, updatedAt: at };
    const statements = rotate(db, { client, secret: row, expiresAt, record });
    if (!(await commitIfHolds(db, [...statements, ...keep(rotated)]))) continue;
    // A leaked secret is what one rotates for: a restored database must not bring it back.
    const ended = inForce.map((old) => ({
      kind: "client_secret" as const,
      id: old.hash,
      at: Math.min(old.expiresAt ?? expiresAt, expiresAt),
    }));
    await journalEnded(deps, ...ended);
    return ok({ client: rotated, secret });
  }
}
