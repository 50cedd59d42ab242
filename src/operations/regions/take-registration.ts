import { CLIENT_TYPE_RULES } from "../../domain/client.ts";
import type { Refusal } from "../../domain/refusal.ts";
import type { RegionCode } from "../../domain/region.ts";
import type { EnabledClient, Registration } from "../../domain/registration.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import type { AuditRow } from "../../store/changes.ts";
import { listSecretsInForce, type ClientRow } from "../../store/clients.ts";
import { commit, commitIfHolds, UniqueViolation, type Statement } from "../../store/database.ts";
import {
  endForeignClient,
  findForeignClient,
  markForeignClient,
  writeForeignClient,
} from "../../store/foreign-clients.ts";
import { settleRevocations } from "../../store/revocations.ts";
import { auditRowOf } from "../change.ts";
import { readClientFields } from "../client-rules.ts";
import { audibleClient } from "../create-client.ts";
import type { Deps } from "../deps.ts";
import { journalEnded } from "../journal-watch.ts";
import { subjects } from "../subjects.ts";
import { readRegistration } from "./read-registration.ts";

export interface TakenRegistration {
  readonly client: string;
  /** The version that is in force here: the one that was sent, or a higher one. */
  readonly version: number;
}

/**
 * Takes what a client's home region says about it (contract, section 9). A higher version replaces a lower one, so
 * that nothing is lost when messages come twice, late or in another order.
 * @param jws signed by the home region
 * @throws {Unavailable} when the home region's keys cannot be had
 */
export async function takeRegistration(
  deps: Deps,
  { jws, ip }: { readonly jws: string; readonly ip: string | null },
): Promise<Result<TakenRegistration, Refusal>> {
  const read = await readRegistration(deps, jws);
  if (!read.ok) return read;
  const { home, registration } = read.value;
  const { clientId, type, version, enabled } = registration;
  for (;;) {
    const known = await findForeignClient(deps.db, clientId);
    const inForce = known?.registeredVersion ?? 0;
    // What a client may do depends on its type, which it has for life.
    // Nor is it another region's any more once it is ours, whatever that says late.
    if (known !== undefined && (known.homeRegion === null || known.type !== type))
      return err({ kind: "invalid_member", member: "client", problem: "invalid" });
    if (known !== undefined && version <= inForce) return ok({ client: clientId, version: inForce });
    const by = { home, ip };
    const taken =
      enabled === null
        ? await end(deps, by, registration, known)
        : await write(deps, by, registration, enabled, known);
    if (!taken.ok) return taken;
    // If another message came between: look again.
    if (taken.value) return ok({ client: clientId, version });
  }
}

interface By {
  readonly home: RegionCode;
  readonly ip: string | null;
}

/** @returns false when the client has changed meanwhile */
type Taken = Promise<Result<boolean, Refusal>>;

async function write(
  deps: Deps,
  by: By,
  { clientId: id, type, version }: Registration,
  enabled: EnabledClient,
  known: ClientRow | undefined,
): Taken {
  const { db } = deps;
  const rules = CLIENT_TYPE_RULES[type];
  const fields = await readClientFields(type, {
    ...(rules.homepage ? { homepageUrl: enabled.homepageUrl } : {}),
    ...(rules.redirects === null ? {} : { redirectUris: enabled.redirectUris }),
    ...(rules.origins ? { jsOrigins: enabled.jsOrigins } : {}),
    ...(rules.confidential ? { jwks: enabled.jwks } : {}),
  });
  if (!fields.ok) return fields;
  const { homepageUrl = null, redirectUris = [], jsOrigins = [], jwks = null } = fields.value;
  const { name, permissions, regions, sameSecretEverywhere } = enabled;
  const keepsSecret = rules.confidential && jwks === null;
  const registered = {
    type,
    name,
    homepageUrl,
    redirectUris,
    jsOrigins,
    permissions: [...permissions],
    jwks,
    regions: [...regions],
    sameSecretEverywhere: sameSecretEverywhere && keepsSecret,
  };
  const isNew = known === undefined || known.deletedAt !== null;
  const audit = auditOf(deps, by, isNew ? "client.enabled" : "client.updated", id, {
    ...(isNew ? {} : { before: audibleClient(known) }),
    after: audibleClient(registered),
    version,
  });
  const row: ClientRow = {
    ...registered,
    ...placeOf(by, enabled.team, enabled.teamStatus),
    id,
    registeredVersion: version,
    version: (known?.version ?? 0) + 1,
    changedBy: audit.id,
    createdAt: enabled.createdAt,
    createdBy: actorOf(by),
    updatedAt: audit.at,
    deletedAt: null,
  };
  const secrets = keepsSecret ? enabled.secrets : [];
  const before = await listSecretsInForce(db, { clientId: id, now: audit.at });
  const record = { subjects: [subjects.client(id)], audit };
  const won = await tryCommit(deps, writeForeignClient(db, { known, row, secrets, record }));
  if (!won) return ok(false);
  // A restored database must not bring back what a rotation ended.
  const kept = new Set(secrets.map(({ hash }) => hash));
  const ended = before
    .filter(({ hash }) => !kept.has(hash))
    .map(({ hash }) => ({ kind: "client_secret" as const, id: hash, at: audit.at }));
  if (ended.length > 0) await journalEnded(deps, ...ended);
  return ok(true);
}

/** Disabled here or deleted at home: everything ends that it holds here (contract, section 9). */
async function end(
  deps: Deps,
  by: By,
  { clientId: id, type, version }: Registration,
  known: ClientRow | undefined,
): Taken {
  const { db } = deps;
  if (known?.deletedAt != null) {
    await commit(db, [markForeignClient(db, { id, version })]);
    return ok(true);
  }
  const audit = auditOf(deps, by, "client.disabled", id, {
    ...(known === undefined ? {} : { before: audibleClient(known) }),
    version,
  });
  const record = { subjects: [subjects.client(id)], audit };
  if (known === undefined) {
    // It was enabled and disabled before this region heard of it; a late message must not enable it.
    return ok(
      await tryCommit(
        deps,
        writeForeignClient(db, { known, row: goneClient(by, id, type, version, audit), secrets: [], record }),
      ),
    );
  }
  if (!(await tryCommit(deps, endForeignClient(db, { client: known, version, record })))) return ok(false);
  await settleRevocations(db, { auditId: audit.id, effectiveBy: deps.clock() + deps.freshnessMs });
  await journalEnded(deps, { kind: "client", id, at: audit.at });
  return ok(true);
}

async function tryCommit({ db }: Deps, statements: readonly Statement[]): Promise<boolean> {
  try {
    return await commitIfHolds(db, statements);
  } catch (error) {
    // Of two messages at once that are the first ones, one inserts the client.
    if (error instanceof UniqueViolation) return false;
    throw error;
  }
}

function goneClient(
  by: By,
  id: string,
  type: ClientRow["type"],
  version: number,
  audit: AuditRow,
): ClientRow {
  return {
    id,
    type,
    ...placeOf(by, "", "active"),
    name: "",
    homepageUrl: null,
    redirectUris: [],
    jsOrigins: [],
    permissions: [],
    jwks: null,
    regions: [],
    sameSecretEverywhere: false,
    registeredVersion: version,
    version: 1,
    changedBy: audit.id,
    createdAt: audit.at,
    createdBy: actorOf(by),
    updatedAt: audit.at,
    deletedAt: audit.at,
  };
}

/**
 * Where a client belongs. The team is not here, and what the other region calls it must never be the id of one that
 * is: the client would act for that one.
 */
function placeOf({ home }: By, team: string, status: "active" | "suspended") {
  return {
    teamId: `${home}:${team}`,
    homeRegion: home,
    homeTeamStatus: status,
    // Bounds of what it gets by its secret alone, which is for its own team and so never here.
    notAfter: null,
    allowedIps: null,
  };
}

/** In the region's own chain: the client's team has none here. */
function auditOf(
  deps: Deps,
  by: By,
  type: string,
  subject: string,
  detail: Record<string, unknown>,
): AuditRow {
  const actor = actorOf(by);
  return auditRowOf(deps, { actor, owner: actor, ip: by.ip }, { type, teamId: null, subject, detail });
}

/** How the audit trail names another region. */
function actorOf({ home }: By): string {
  return `region:${home}`;
}
