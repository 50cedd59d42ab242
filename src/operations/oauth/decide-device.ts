import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { exceeding, missingPermissions } from "../../domain/permission.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { commitIfHolds, type Statement } from "../../store/database.ts";
import { approveDevice, denyDevice } from "../../store/device-codes.ts";
import { auditRowOf } from "../change.ts";
import { cookieHash } from "../cookie-hash.ts";
import { makeId } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import { enterUserCode, type EnteredCode } from "./enter-user-code.ts";
import type { Consenter, Place } from "./list-places.ts";

/** What a person answers to a device's request. */
export interface DeviceDecision {
  /** Of the session by which they answer. */
  readonly cookie: string;
  readonly userCode: string;
  /** The team in which the device would act. */
  readonly teamId: string;
  readonly accept: boolean;
  readonly ip: string | null;
}

export interface DecidedDevice {
  readonly app: string;
  readonly accepted: boolean;
  /** Where it stands in the audit trail; null: in no team's. */
  readonly teamId: string | null;
}

/** A lost race is looked at again: mostly the code is decided then, and unknown. */
const MAX_ATTEMPTS = 3;

/**
 * Lets a device in, or turns it away. The grant is the signed-in person's, in a team of theirs, and confers
 * nothing that they do not hold there. Of decisions at once one wins, and a code that is decided is unknown.
 */
export async function decideDevice(
  deps: Deps,
  who: Consenter,
  decision: DeviceDecision,
): Promise<Result<DecidedDevice, OAuthRefusal>> {
  const { userCode, teamId, accept, ip } = decision;
  const place = who.places.find((candidate) => candidate.teamId === teamId);
  for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts += 1) {
    const entered = await enterUserCode(deps, userCode, { userId: who.userId, ip });
    if (!entered.ok) return entered;
    const deciding = { who, entered: entered.value, place, decision };
    const statements = accept ? approval(deps, deciding) : ok(denial(deps, deciding));
    if (!statements.ok) return statements;
    if (await commitIfHolds(deps.db, statements.value)) {
      return ok({ app: entered.value.client.name, accepted: accept, teamId: place?.teamId ?? null });
    }
  }
  return err({ kind: "credential_used", credential: "device code" });
}

interface Deciding {
  readonly who: Consenter;
  readonly entered: EnteredCode;
  /** Undefined: the person is in no such team. */
  readonly place: Place | undefined;
  readonly decision: DeviceDecision;
}

function approval(
  deps: Deps,
  { who, entered: { code, client }, place, decision: { cookie, ip } }: Deciding,
): Result<Statement[], OAuthRefusal> {
  if (place === undefined || place.holder === null) return err({ kind: "user_gone" });
  const { userId, sessionId } = who;
  const { permissions, audience, accessType, hash } = code;
  // Its client's ceiling may have come down since it was asked for.
  const beyond = missingPermissions(client.permissions, permissions);
  if (beyond.length > 0) return err({ kind: "scope_beyond_client", missing: beyond });
  const missing = exceeding(place.holder, permissions);
  if (missing.length > 0) return err({ kind: "scope_beyond_user", missing });
  const { teamId } = place;
  const id = makeId(deps, "grt");
  const audit = auditRowOf(
    deps,
    { actor: sessionId, owner: userId, ip },
    {
      type: "grant.accepted",
      teamId,
      subject: id,
      detail: { client: client.id, user: userId, permissions, access_type: accessType },
    },
  );
  const grant = {
    id,
    teamId,
    clientId: client.id,
    userId,
    holder: userId,
    permissions,
    audience,
    accessType,
    notAfter: null,
    allowedIps: null,
    createdAt: audit.at,
    revokedAt: null,
    revokedBy: null,
  };
  const record = { subjects: [], audit };
  const sessionHash = cookieHash(deps, cookie);
  return ok(approveDevice(deps.db, { hash, userId, sessionHash, record, client, grant }));
}

function denial(
  deps: Deps,
  { who, entered: { code, client }, place, decision: { cookie, ip } }: Deciding,
): Statement[] {
  const { userId, sessionId } = who;
  const audit = auditRowOf(
    deps,
    { actor: sessionId, owner: userId, ip },
    {
      type: "grant.denied",
      teamId: place?.teamId ?? null,
      subject: client.id,
      detail: { client: client.id, user: userId, permissions: code.permissions },
    },
  );
  const record = { subjects: [], audit };
  return denyDevice(deps.db, { hash: code.hash, userId, sessionHash: cookieHash(deps, cookie), record });
}
