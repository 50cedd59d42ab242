import { CLIENT_TYPE_RULES, type ClientType } from "../domain/client.ts";
import { PLANS } from "../domain/plan.ts";
import { clientId } from "../domain/public-id.ts";
import type { Refusal } from "../domain/refusal.ts";
import type { RegionCode } from "../domain/region.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { recordChange } from "../store/changes.ts";
import { insertClient, insertClientSecret, refuseClientsOver, type ClientRow } from "../store/clients.ts";
import { commit, ConditionFailed } from "../store/database.ts";
import { insertRegionSecrets } from "../store/registrations.ts";
import { findTeam } from "../store/teams.ts";
import { makerOf } from "./caller.ts";
import { auditRow, type Actor } from "./change.ts";
import {
  boundsOf,
  clientPermissions,
  everythingHeld,
  readClientFields,
  readRegions,
  type ClientFields,
} from "./client-rules.ts";
import { hashCredential, makeCredential } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import { knownPermissions } from "./records.ts";
import { makeRegionSecrets, type RegionSecrets } from "./regions/region-secrets.ts";
import type { Keep } from "./remember-answer.ts";

export interface ClientRequest extends ClientFields {
  readonly type: ClientType;
  readonly name: string;
  /** As they are written; null: all that the maker holds. */
  readonly permissions: readonly string[] | null;
  readonly regions: readonly RegionCode[];
  readonly sameSecretEverywhere: boolean;
}

export interface CreatedClient {
  readonly client: ClientRow;
  /** This answer is the only place where it ever stands; null: public, or with keys of its own. */
  readonly secret: string | null;
  /** Those that hold in other regions, which stand nowhere else either. */
  readonly regionSecrets: RegionSecrets;
}

/** Registers a client that can be granted no more than its maker holds (contract, section 6). */
export async function createClient(
  deps: Deps,
  teamId: string,
  request: ClientRequest,
  actor: Actor,
  moment: Moment,
  keep: Keep<ClientRow>,
): Promise<Result<CreatedClient, Refusal>> {
  const { db } = deps;
  const { type, name, sameSecretEverywhere } = request;
  const { confidential, redirects } = CLIENT_TYPE_RULES[type];
  const fields = await readClientFields(type, request);
  if (!fields.ok) return fields;
  const { homepageUrl = null, redirectUris = [], jsOrigins = [], jwks = null } = fields.value;
  if (redirects !== null && redirectUris.length === 0)
    return err({ kind: "invalid_member", member: "redirect_uris", problem: "missing" });
  const keepsSecret = confidential && jwks === null;
  if (sameSecretEverywhere && !keepsSecret)
    return err({ kind: "member_not_for_type", member: "same_secret_everywhere", type });
  const regions = readRegions(request.regions, deps.region);
  if (!regions.ok) return regions;
  const index = await knownPermissions(deps.records, moment);
  const permissions =
    request.permissions === null
      ? ok(everythingHeld(index, actor.caller))
      : clientPermissions(index, request.permissions, actor.caller);
  if (!permissions.ok) return permissions;
  const team = await findTeam(db, teamId);
  if (team === undefined) return err({ kind: "not_found", noun: "team" });

  const id = clientId(deps.region, deps.clock(), deps.randomBytes(10));
  const registered = {
    type,
    name,
    homepageUrl,
    redirectUris,
    jsOrigins,
    permissions: permissions.value,
    jwks,
    regions: regions.value,
    sameSecretEverywhere,
    ...boundsOf(actor.caller),
  };
  const audit = auditRow(deps, actor, {
    type: "client.created",
    teamId,
    subject: id,
    detail: { after: audibleClient(registered) },
  });
  const client: ClientRow = {
    ...registered,
    id,
    teamId,
    version: 1,
    changedBy: audit.id,
    createdAt: audit.at,
    createdBy: makerOf(actor.caller),
    updatedAt: audit.at,
    deletedAt: null,
    homeRegion: null,
    homeTeamStatus: null,
    registeredVersion: null,
  };
  const secret = keepsSecret ? makeCredential(deps, "cs") : null;
  const elsewhere = makeRegionSecrets(deps, hasOwnSecrets(client) ? regions.value : [], {
    clientId: id,
    createdAt: audit.at,
  });
  const limit = PLANS[team.plan].clients;
  try {
    await commit(db, [
      insertClient(db, client),
      ...(limit === null ? [] : [refuseClientsOver(db, { teamId, limit })]),
      ...(secret === null
        ? []
        : [
            insertClientSecret(db, {
              hash: hashCredential(secret),
              clientId: id,
              createdAt: audit.at,
              expiresAt: null,
            }),
          ]),
      ...insertRegionSecrets(db, elsewhere.rows),
      ...recordChange(db, { subjects: [], audit }),
      ...keep(client),
    ]);
  } catch (error) {
    if (!(error instanceof ConditionFailed) || limit === null) throw error;
    return err({ kind: "quota_exceeded", quota: "clients", limit });
  }
  return ok({ client, secret, regionSecrets: elsewhere.secrets });
}

/** Whether a client has a secret in each region where it is enabled, none of which holds in another. */
export function hasOwnSecrets({
  type,
  jwks,
  sameSecretEverywhere,
}: Pick<ClientRow, "type" | "jwks" | "sameSecretEverywhere">): boolean {
  return CLIENT_TYPE_RULES[type].confidential && jwks === null && !sameSecretEverywhere;
}

/** What the audit trail holds of a registration; all of it is public. */
export function audibleClient(
  client: Partial<
    Pick<
      ClientRow,
      | "type"
      | "name"
      | "homepageUrl"
      | "redirectUris"
      | "jsOrigins"
      | "permissions"
      | "jwks"
      | "regions"
      | "sameSecretEverywhere"
    >
  >,
): Record<string, unknown> {
  const named = {
    type: client.type,
    name: client.name,
    homepage_url: client.homepageUrl,
    redirect_uris: client.redirectUris,
    js_origins: client.jsOrigins,
    permissions: client.permissions,
    jwks: client.jwks,
    regions: client.regions,
    same_secret_everywhere: client.sameSecretEverywhere,
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}
