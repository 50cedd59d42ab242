import { CLIENT_TYPE_RULES, DEVICE_CODE } from "../../domain/client.ts";
import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { missingPermissions } from "../../domain/permission.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { readScope } from "../../domain/scope.ts";
import { randomUserCode, writeUserCode } from "../../domain/user-code.ts";
import { commit, UniqueViolation } from "../../store/database.ts";
import { insertDeviceCode, type DeviceCodeRow } from "../../store/device-codes.ts";
import { hashCredential, makeCredential } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import type { Moment } from "../moment.ts";
import { knownPermissions } from "../records.ts";
import { awaitOwn } from "../shared-read.ts";
import { identifyClient } from "./identify-client.ts";
import { isResource } from "./narrow.ts";
import type { OAuthRequest } from "./request.ts";
import { userCodeHash } from "./user-code-hash.ts";

/** Contract, section 2. */
const DEVICE_CODE_SECONDS = 300;

/** RFC 8628, section 3.2. */
const INTERVAL_SECONDS = 5;

/** From one address for one client: each leaves a row, and each live user code makes guessing one easier. */
const REQUESTS = { limit: 100, windowMs: 600_000 };

/** Two live user codes alike are so rare that more in a row are a broken source of randomness. */
const MOST_DRAWS = 5;

export interface AuthorizedDevice {
  readonly deviceCode: string;
  /** With its dash. */
  readonly userCode: string;
  readonly expiresInSeconds: number;
  readonly intervalSeconds: number;
}

/** Lets a device wait for somebody to let it in (RFC 8628, section 3.1). */
export async function authorizeDevice(
  deps: Deps,
  request: OAuthRequest,
  moment: Moment,
): Promise<Result<AuthorizedDevice, OAuthRefusal>> {
  const { parameters, ip } = request;
  const identified = await identifyClient(deps, request);
  if (!identified.ok) return identified;
  const { client } = identified.value;
  if (!CLIENT_TYPE_RULES[client.type].grants.includes(DEVICE_CODE)) {
    return err({ kind: "grant_type_not_for_client", type: client.type });
  }
  const scope = parameters.get("scope");
  if (scope === null) return err({ kind: "scope_missing" });
  const permissions = readScope(await knownPermissions(deps.records, moment), scope);
  if (!permissions.ok) return permissions;
  const missing = missingPermissions(client.permissions, permissions.value);
  if (missing.length > 0) return err({ kind: "scope_beyond_client", missing });
  const accessType = (parameters.get("access_type") ?? "online").toLowerCase();
  if (accessType !== "online" && accessType !== "offline") {
    return err({ kind: "parameter_invalid", parameter: "access_type" });
  }
  const { resources } = parameters;
  if (!resources.every(isResource)) return err({ kind: "target_invalid" });
  const wait = await chargeRequest(deps, client.id, ip);
  if (wait !== null) return err({ kind: "rate_limited", what: "device codes", retryAfterSeconds: wait });

  const deviceCode = makeCredential(deps, "dc");
  const now = deps.clock();
  const userCode = await storeWithUserCode(deps, {
    hash: hashCredential(deviceCode),
    clientId: client.id,
    permissions: [...permissions.value],
    audience: resources.length === 0 ? null : [...new Set(resources)].join(" "),
    accessType,
    status: "pending",
    claimedBy: null,
    grantId: null,
    intervalSeconds: INTERVAL_SECONDS,
    lastPolledAt: null,
    createdAt: now,
    expiresAt: now + DEVICE_CODE_SECONDS * 1000,
    changedBy: null,
    usedAt: null,
    retryFingerprint: null,
    retryAnswer: null,
  });
  return ok({
    deviceCode,
    userCode,
    expiresInSeconds: DEVICE_CODE_SECONDS,
    intervalSeconds: INTERVAL_SECONDS,
  });
}

async function chargeRequest(deps: Deps, clientId: string, ip: string | null): Promise<number | null> {
  // Names of Durable Objects hold no personal data (facts: platform, "Durable Objects").
  const from = deps.limiter(`device-codes:${hashCredential(`${clientId} ${ip ?? ""}`)}`);
  const charge = await awaitOwn(from.take({ ...REQUESTS, cost: 1 }), deps.startTimer);
  return charge.allowed ? null : Math.ceil((charge.retryAfterMs ?? 0) / 1000);
}

/** Draws user codes until one is nobody else's. */
async function storeWithUserCode(deps: Deps, row: Omit<DeviceCodeRow, "userCodeHash">): Promise<string> {
  for (let draws = 1; ; draws += 1) {
    const code = randomUserCode(deps.randomBytes);
    try {
      await commit(deps.db, [insertDeviceCode(deps.db, { ...row, userCodeHash: userCodeHash(deps, code) })]);
      return writeUserCode(code);
    } catch (error) {
      if (!(error instanceof UniqueViolation) || draws === MOST_DRAWS) throw error;
    }
  }
}
