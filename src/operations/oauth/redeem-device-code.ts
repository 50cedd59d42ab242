import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { findDeviceCode, notePoll, useDeviceCode, type DeviceCodeRow } from "../../store/device-codes.ts";
import { findGrantNow, refuseEnded, type GrantNow } from "../../store/grants.ts";
import type { Deps } from "../deps.ts";
import type { Moment } from "../moment.ts";
import { isHere } from "../tenant.ts";
import { endGrant } from "./end-grant.ts";
import { giveTokens, type OneTime } from "./give-tokens.ts";
import { presentCredential } from "./present-credential.ts";
import { keptAnswer, type Attempt } from "./retry-answer.ts";
import type { TokenAnswer, TokenRequest } from "./token-request.ts";

/** A lost race is looked at again: somebody has decided meanwhile, or used the code up. */
const MAX_ATTEMPTS = 3;

/**
 * What a device gets that asks whether it was let in (RFC 8628, section 3.4): tokens, once, or why there are none
 * (yet). The same request within 10 s gets the same answer; any other second use ends what the first one gave.
 */
export async function redeemDeviceCode(
  deps: Deps,
  request: TokenRequest,
  moment: Moment,
): Promise<Result<TokenAnswer, OAuthRefusal>> {
  const { client, parameters } = request;
  const text = parameters.get("device_code");
  if (text === null) return err({ kind: "parameter_missing", parameter: "device_code" });
  const hash = presentCredential(deps, text, "dc", "device code");
  if (!hash.ok) return hash;
  const attempt: Attempt = {
    clientId: client.id,
    parameters,
    secrets: [text, request.secret ?? ""],
    proofKey: request.proofKey,
  };
  for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts += 1) {
    const code = await findDeviceCode(deps.db, hash.value);
    if (code === undefined) return err({ kind: "credential_unknown", credential: "device code" });
    if (code.clientId !== client.id) {
      return err({ kind: "credential_of_another_client", credential: "device code" });
    }
    const answer = await answerTo(deps, { code, attempt }, request, moment);
    if (answer !== null) return answer;
  }
  return err({ kind: "credential_used", credential: "device code" });
}

/** @returns null when the code changed meanwhile */
async function answerTo(
  deps: Deps,
  { code, attempt }: { code: DeviceCodeRow; attempt: Attempt },
  request: TokenRequest,
  moment: Moment,
): Promise<Result<TokenAnswer, OAuthRefusal> | null> {
  const { hash, grantId, clientId } = code;
  if (code.status === "denied") return err({ kind: "access_denied" });
  const grant = grantId === null ? undefined : await findGrantNow(deps.db, grantId);
  if (grant !== undefined && !isHere(deps, grant.teamId)) {
    return err({ kind: "credential_unknown", credential: "device code" });
  }
  if (code.status === "used") {
    const kept = grant?.revokedAt === null ? keptAnswer<TokenAnswer>(deps, attempt, code) : null;
    return kept === null ? refuseReplay(deps, grant, request) : ok(kept);
  }
  if (code.expiresAt <= deps.clock()) return err({ kind: "device_code_expired" });
  if (grantId === null) return refusePending(deps, hash);
  const oneTime: OneTime = {
    called: "device code",
    hash,
    attempt,
    use: ({ id, at }, kept) => [
      ...useDeviceCode(deps.db, { hash, at, usedBy: id, kept }),
      refuseEnded(deps.db, { grantId, clientId }),
    ],
  };
  return giveTokens(deps, oneTime, grant, request, moment);
}

async function refusePending(deps: Deps, hash: string): Promise<Result<never, OAuthRefusal> | null> {
  const poll = await notePoll(deps.db, { hash, now: deps.clock() });
  if (poll === null) return null;
  const { intervalSeconds, tooEarly } = poll;
  return err(tooEarly ? { kind: "slow_down", intervalSeconds } : { kind: "authorization_pending" });
}

async function refuseReplay(
  deps: Deps,
  grant: GrantNow | undefined,
  { client, ip }: TokenRequest,
): Promise<Result<never, OAuthRefusal>> {
  if (grant !== undefined && grant.revokedAt === null) {
    const by = { actor: client.id, owner: grant.holder, ip };
    await endGrant(deps, grant, { type: "grant.revoked", cause: "replay" }, by);
  }
  return err({ kind: "credential_used", credential: "device code" });
}
