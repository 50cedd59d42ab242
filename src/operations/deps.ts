import type { OAuthSettings } from "../domain/oauth-settings.ts";
import type { RegionCode } from "../domain/region.ts";
import type { Tenant } from "../domain/tenant.ts";
import type { Charge, Lease, LeaseRequest, ReturnedLease } from "../domain/lease.ts";
import type { Database } from "../store/database.ts";
import type { Assets } from "./assets.ts";
import type { AuditQueue } from "./audit-queue.ts";
import type { AuditSealer } from "./audit-sealer.ts";
import type { Vault } from "./encryption.ts";
import type { GitHubKeys } from "./leaks/github-keys.ts";
import type { JournalStub } from "./journal-watch.ts";
import type { Leases } from "./leases.ts";
import type { OwnHosts } from "./own-hosts.ts";
import type { Records } from "./records.ts";
import type { RegionKeys } from "./regions/region-keys.ts";
import type { Send } from "./resolve-txt.ts";
import type { StartTimer } from "./shared-read.ts";
import type { UsageLog } from "./usage-log.ts";
import type { Courier, DeliveryQueue } from "./webhooks/courier.ts";

/** The limiter of one subject, wherever it runs. */
export interface LimiterStub {
  take(request: { limit: number; windowMs: number; cost: number; once?: string }): Promise<Charge>;
  lease(request: LeaseRequest): Promise<Lease>;
  settle(returned: ReturnedLease): Promise<void>;
}

/** All that operations get from outside: the clock, randomness, stores and settings. */
export interface Deps {
  readonly db: Database;
  readonly records: Records;
  readonly journal: JournalStub;
  readonly limiter: (subject: string) => LimiterStub;
  readonly leases: Leases;
  readonly usage: UsageLog;
  readonly auditQueue: AuditQueue;
  readonly auditSealer: AuditSealer;
  readonly courier: Courier;
  readonly deliveries: DeliveryQueue;
  readonly startTimer: StartTimer;
  /** Files beside the script. */
  readonly assets: Assets;
  /** Keeps secrets that have to be shown to others again. */
  readonly vault: Vault;
  /** Sends a request to somewhere else. */
  readonly send: Send;
  /** Verify what GitHub reports. */
  readonly githubKeys: GitHubKeys;
  /** Verify what other regions say. */
  readonly regionKeys: RegionKeys;
  /** Whether stored addresses may lead to this machine: for trying things out only. */
  readonly allowLoopback: boolean;
  /** The TXT records of a name. @throws {Unavailable} when DNS does not answer */
  readonly resolveTxt: (name: string) => Promise<string[]>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly region: RegionCode;
  /** Base URLs of the regions, as they are met from where the request came to; see `regionOrigin`. */
  readonly origins: Readonly<Record<RegionCode, string>>;
  /** Where this region is met as itself. */
  readonly ownHosts: OwnHosts;
  /** Whose own domain the request came to; null: it came to the region itself, or there is none. */
  readonly tenant: Tenant | null;
  /** Newest first: the first signs, all verify. */
  readonly tagKeys: readonly string[];
  /** SHA-256 of each operator key that is accepted, in hex. */
  readonly operatorKeyHashes: ReadonlySet<string>;
  readonly freshnessMs: number;
  readonly oauth: OAuthSettings;
}
