import type { RegionCode } from "../../domain/region.ts";
import { homeOf } from "../../domain/registration.ts";
import { findTokenByHash } from "../../store/access-tokens.ts";
import { commit } from "../../store/database.ts";
import { endClientSecret, findClientSecret, findServiceKey, recordOnceSince } from "../../store/leaks.ts";
import { findRefreshToken } from "../../store/refresh-tokens.ts";
import { hashCredential } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import { endToken } from "../end-token.ts";
import { journalEnd } from "../journal-watch.ts";
import { endRefreshToken } from "../oauth/end-refresh-token.ts";
import { receiptOf, type Receipted } from "../receipt.ts";
import { subjects } from "../subjects.ts";
import { leakedEvent, leakWitness, type Leakable, type LeakReport } from "./leak.ts";

/** What became of a credential that was reported. */
export type Leaked =
  | ({ readonly status: "revoked"; readonly teamId: string } & Receipted)
  /** Its owner was told, and it is still in force. */
  | { readonly status: "reported"; readonly teamId: null }
  /** Its team has moved to another region, which alone can end it. */
  | { readonly status: "elsewhere"; readonly teamId: null; readonly region: RegionCode };

const DAY_MS = 86_400_000;

/**
 * Ends what was leaked, as its owner would, and tells of the leak in the same batch; what has ended already is
 * left as it is, and answered alike.
 * @returns null: there never was such a credential
 * @throws {Unavailable} when the journal does not answer: then nothing has ended
 */
export async function endLeaked(
  deps: Deps,
  credential: Leakable,
  report: LeakReport,
): Promise<Leaked | null> {
  const hash = hashCredential(credential.text);
  switch (credential.kind) {
    case "pat":
    case "at":
      return endLeakedToken(deps, hash, report);
    case "rt":
      return endLeakedGrant(deps, hash, report);
    case "cs":
      return endLeakedSecret(deps, hash, report);
    case "sk":
      return tellOfKey(deps, hash, report);
  }
}

/** The same for an access token of whatever writing, by its hash. */
export async function endLeakedToken(deps: Deps, hash: string, report: LeakReport): Promise<Leaked | null> {
  const token = await findTokenByHash(deps.db, hash);
  if (token === undefined) return null;
  if (token.teamLivesIn !== null) return elsewhere(token.teamLivesIn);
  const { id, kind, teamId } = token;
  const leaked = leakedEvent(report, { kind, teamId, subject: id });
  const { effectiveBy, receipt } = await endToken(deps, token, leakWitness(deps, report), [leaked]);
  return { status: "revoked", teamId, effectiveBy, receipt };
}

async function endLeakedGrant(deps: Deps, hash: string, report: LeakReport): Promise<Leaked | null> {
  const token = await findRefreshToken(deps.db, hash);
  if (token === undefined) return null;
  if (token.teamLivesIn !== null) return elsewhere(token.teamLivesIn);
  const { id, teamId } = token;
  const by = { actor: report.by, owner: report.by, ip: report.ip };
  const leaked = leakedEvent(report, { kind: "rt", teamId, subject: id });
  return { status: "revoked", teamId, ...(await endRefreshToken(deps, token, "leaked", by, [leaked])) };
}

function elsewhere(region: RegionCode): Leaked {
  return { status: "elsewhere", teamId: null, region };
}

async function endLeakedSecret(deps: Deps, hash: string, report: LeakReport): Promise<Leaked | null> {
  const { db } = deps;
  const secret = await findClientSecret(db, hash);
  if (secret === undefined) return null;
  // Of a client that has moved, its new home ends it everywhere, here too.
  if (secret.homeRegion !== null && homeOf(secret.clientId) === deps.region)
    return elsewhere(secret.homeRegion);
  const { clientId, teamId, createdAt } = secret;
  if (secret.expiresAt === null || secret.expiresAt > deps.clock()) {
    const witness = leakWitness(deps, report);
    const about = { teamId, subject: clientId };
    const secretMadeAt = new Date(createdAt).toISOString();
    const detail = { before: { secret_made_at: secretMadeAt } };
    const audit = witness({ type: "client.secret_revoked", ...about, detail });
    const known = await journalEnd(deps, { kind: "client_secret", id: hash, at: audit.at });
    const record = { subjects: [subjects.client(clientId)], audit };
    const also = [witness(leakedEvent(report, { kind: "cs", ...about }))];
    await commit(db, [...endClientSecret(db, { secret, record, also }), ...known]);
  }
  const { expiresAt, revokedBy } = (await findClientSecret(db, hash)) ?? secret;
  const now = deps.clock();
  const given = await receiptOf(deps, hash, {
    kind: "cs",
    id: clientId,
    teamId,
    revokedAt: expiresAt ?? now,
    effectiveBy: now + deps.freshnessMs,
    eventId: revokedBy,
    more: { secret_made_at: new Date(createdAt).toISOString() },
  });
  return { status: "revoked", teamId, ...given };
}

/**
 * A service key stays in force: it gives nothing without a token beside it, and without it an API refuses
 * everybody. Its owner, the operator, reads of it in the audit trail, once a day as long as it is reported.
 */
async function tellOfKey(deps: Deps, hash: string, report: LeakReport): Promise<Leaked | null> {
  const now = deps.clock();
  const key = await findServiceKey(deps.db, { hash, now });
  if (key === undefined) return null;
  if (key.isLive) {
    const event = leakedEvent(report, { kind: "sk", teamId: null, subject: key.serviceId });
    await commit(deps.db, recordOnceSince(deps.db, leakWitness(deps, report)(event), now - DAY_MS));
  }
  return { status: "reported", teamId: null };
}
