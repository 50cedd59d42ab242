import { readBindings, readConfig, type Env } from "./bindings.ts";
import { hashCredential } from "./operations/credentials.ts";
import type { Deps } from "./operations/deps.ts";
import { Assets } from "./operations/assets.ts";
import { AuditQueue } from "./operations/audit-queue.ts";
import { AuditSealer } from "./operations/audit-sealer.ts";
import { makeVault } from "./operations/encryption.ts";
import { GitHubKeys } from "./operations/leaks/github-keys.ts";
import type { JournalStub } from "./operations/journal-watch.ts";
import { Leases } from "./operations/leases.ts";
import { OwnHosts } from "./operations/own-hosts.ts";
import { openRecords } from "./operations/records.ts";
import { RegionKeys } from "./operations/regions/region-keys.ts";
import { sendRegistrations } from "./operations/regions/send-registrations.ts";
import { resolveTxt } from "./operations/resolve-txt.ts";
import { sealAuditChain } from "./operations/seal-audit-chain.ts";
import type { Timer } from "./operations/shared-read.ts";
import { UsageLog } from "./operations/usage-log.ts";
import { Courier, type DeliveryQueue } from "./operations/webhooks/courier.ts";
import { sweepDeliveries } from "./operations/webhooks/sweep-deliveries.ts";
import { openDatabase } from "./store/database.ts";
import { addUsage, appendAuditEvents } from "./store/usage.ts";

/** After a change its chain is sealed in a round or two; what a flood leaves is for the scheduled job. */
const SEAL_ROUNDS = 4;

let composed: Deps | null = null;

/**
 * Puts the Worker together, once per isolate: what the platform gives becomes what operations ask for.
 * An isolate has one environment, whichever entrypoint is called.
 * @throws {ConfigError} when the deployment is not fit to serve.
 */
export function depsOf(env: Env): Deps {
  composed ??= compose(env);
  return composed;
}

function compose(env: Env): Deps {
  const config = readConfig(env);
  const bindings = readBindings(env, config);
  const db = openDatabase(bindings.database);
  // A stub is of the request that made it; each call makes its own.
  const journal: JournalStub = {
    append: (end) => bindings.journal().append(end),
    after: (seq, mark) => bindings.journal().after(seq, mark),
  };
  const clock = Date.now;
  const deliveries: DeliveryQueue = {
    send: async (webhookIds, delaySeconds = 0) => {
      const messages = webhookIds.map((webhook) => ({ body: { webhook } }));
      await bindings.deliveries.sendBatch(messages, { delaySeconds });
    },
  };
  const { region, origins } = config;
  const vault = makeVault(config.encryptionKeys, randomBytes);
  const carry = () =>
    Promise.allSettled([
      sweepDeliveries({ db, clock, deliveries }),
      sendRegistrations({ db, clock, vault, send, origins, region }),
    ]);
  return {
    db,
    clock,
    records: openRecords(db, journal, { now: clock, startTimer, freshnessMs: config.freshnessMs }),
    journal,
    limiter: bindings.limiter,
    leases: new Leases(),
    usage: new UsageLog((rows, lastUses) => addUsage(db, rows, lastUses), startTimer),
    auditQueue: new AuditQueue((rows) => appendAuditEvents(db, rows), startTimer),
    auditSealer: new AuditSealer((teamId) => sealAuditChain({ db }, teamId, { maxRounds: SEAL_ROUNDS }), {
      startTimer,
      now: clock,
    }),
    courier: new Courier(carry, { startTimer, now: clock }),
    deliveries,
    startTimer,
    assets: new Assets(bindings.asset),
    vault,
    send,
    githubKeys: new GitHubKeys({ send, url: config.githubKeysUrl, now: clock, startTimer }),
    regionKeys: new RegionKeys({ send, origins, now: clock, startTimer }),
    allowLoopback: config.allowLoopback,
    resolveTxt: (name) => resolveTxt(send, config.dnsResolver, name),
    randomBytes,
    region,
    origins,
    ownHosts: new OwnHosts({
      origin: config.origins[config.region],
      hosts: config.hosts,
      loopback: config.development || config.selfHosted,
    }),
    tenant: null,
    tagKeys: config.tagKeys,
    operatorKeyHashes: new Set(config.operatorKeys.map(hashCredential)),
    freshnessMs: config.freshnessMs,
    oauth: config.oauth,
  };
}

function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

function send(request: Request): Promise<Response> {
  return fetch(request);
}

function startTimer(milliseconds: number): Timer {
  const { promise, resolve } = Promise.withResolvers<void>();
  const id = setTimeout(resolve, milliseconds);
  return { done: promise, cancel: () => clearTimeout(id) };
}
