import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { exceeding, missingPermissions } from "../../domain/permission.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { commitIfHolds } from "../../store/database.ts";
import { approveDevice, denyDevice } from "../../store/device-codes.ts";
import { auditRowOf } from "../change.ts";
import { makeId } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import { enterUserCode, type EnteredCode } from "./enter-user-code.ts";
import type { Consenter, Place } from "./list-places.ts";

/** What a person answers to a device's request. */
export interface DeviceDecision {
  readonly userCode: string;
  /** The team in which the device would act. */
  readonly teamId: string;
  readonly accept: boolean;
  readonly ip: string | null;
}

export interface DecidedDevice {
  readonly app: string;
  readonly accepted: boolean;
}

/**
 * Lets a device in, or turns it away. The grant is the signed-in person's, in a team of theirs, and confers
 * nothing that they do not hold there. Of decisions at once one wins, and a code that is decided is unknown.
 */
export async function decideDevice(
  deps: Deps,
  who: Consenter,
  { userCode, teamId, accept, ip }: DeviceDecision,
): Promise<Result<DecidedDevice, OAuthRefusal>> {
  const entered = await enterUserCode(deps, userCode, { userId: who.userId, ip });
  if (!entered.ok) return err(entered.error);
  const place = who.places.find((candidate) => candidate.teamId === teamId);
  const decided = accept
    ? await approve(deps, who, { entered: entered.value, place, ip })
    : await deny(deps, who, { entered: entered.value, place, ip });
  return decided.ok ? ok({ app: entered.value.client.name, accepted: accept }) : decided;
}

interface Deciding {
  readonly entered: EnteredCode;
  /** Undefined: the person is in no such team. */
  readonly place: Place | undefined;
  readonly ip: string | null;
}

async function approve(
  deps: Deps,
  { userId, sessionId }: Consenter,
  { entered: { code, client }, place, ip }: Deciding,
): Promise<Result<null, OAuthRefusal>> {
  if (place === undefined || place.holder === null) return err({ kind: "user_gone" });
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
      detail: { client: client.id, user: userId, permissions, access_type: accessType, by: "device" },
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
  const won = await commitIfHolds(deps.db, approveDevice(deps.db, { hash, userId, record, grant }));
  return won ? ok(null) : err({ kind: "credential_used", credential: "device code" });
}

async function deny(
  deps: Deps,
  { userId, sessionId }: Consenter,
  { entered: { code, client }, place, ip }: Deciding,
): Promise<Result<null, OAuthRefusal>> {
  const audit = auditRowOf(
    deps,
    { actor: sessionId, owner: userId, ip },
    {
      type: "grant.denied",
      // Nobody writes into the trail of a team in which they may not act.
      teamId: place === undefined || place.holder === null ? null : place.teamId,
      subject: client.id,
      detail: { client: client.id, user: userId, permissions: code.permissions, by: "device" },
    },
  );
  const { hash } = code;
  const record = { subjects: [], audit };
  const won = await commitIfHolds(deps.db, denyDevice(deps.db, { hash, userId, record }));
  return won ? ok(null) : err({ kind: "credential_used", credential: "device code" });
}
