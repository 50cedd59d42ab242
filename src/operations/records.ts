import { builtInCatalogues } from "../catalogues/index.ts";
import type { HashFilter } from "../domain/hash-filter.ts";
import { indexCatalogues, type PermissionIndex } from "../domain/permission.ts";
import { readCheckableToken, type CheckableToken } from "../store/access-tokens.ts";
import { readCatalogues } from "../store/catalogues.ts";
import { readFeed, type FeedHead } from "../store/change-feed.ts";
import type { Database } from "../store/database.ts";
import { readProvenDomains, type ProvenDomain } from "../store/domains.ts";
import { readImportedKeys } from "../store/imported-keys.ts";
import { readKeyedService, type KeyedService } from "../store/services.ts";
import { ChangeFeed } from "./change-feed.ts";
import { FreshCache } from "./fresh-cache.ts";
import { ImportedHashes } from "./imported-hashes.ts";
import { JournalWatch, type JournalStub } from "./journal-watch.ts";
import type { Moment } from "./moment.ts";
import type { StartTimer } from "./shared-read.ts";
import { asHeld } from "./held-permissions.ts";
import { subjects } from "./subjects.ts";

/** The records that checks rely on, kept fresh in this isolate's memory. */
export interface Records {
  readonly feed: ChangeFeed;
  /** By SHA-256 of the token. */
  readonly tokens: FreshCache<CheckableToken>;
  /** By SHA-256 of the key. */
  readonly services: FreshCache<KeyedService>;
  readonly catalogues: FreshCache<PermissionIndex>;
  /** The hashes of all imported keys as one filter: a text that is made up is then known to be. */
  readonly imported: FreshCache<HashFilter>;
  /** All as one table, by name: a host that is nobody's is then known to be, whatever it is. */
  readonly domains: FreshCache<ProvenDomains>;
}

export type ProvenDomains = ReadonlyMap<string, ProvenDomain>;

const MAX_TOKENS = 50_000;
const MAX_TOKEN_BYTES = 32 * 1024 * 1024;
const MAX_SERVICES = 2_000;
const MAX_SERVICE_BYTES = 2 * 1024 * 1024;

/** What a cached record weighs beside its texts: object headers, map entry, numbers. */
const RECORD_BYTES = 800;

/** The one key of the cache that holds all catalogues as one index. */
const ALL_CATALOGUES = "all";

/** And that of all proven domains. */
const ALL_DOMAINS = "all";

export function openRecords(
  db: Database,
  journal: JournalStub,
  { now, startTimer, freshnessMs }: { now: () => number; startTimer: StartTimer; freshnessMs: number },
): Records {
  const watch = new JournalWatch(db, journal);
  const headOf = ({ head }: { readonly head: FeedHead }): FeedHead => head;
  const feed = new ChangeFeed({
    boundMs: freshnessMs,
    now,
    startTimer,
    read: (cursor) =>
      watch.read(
        () => readFeed(db, cursor),
        (page) => page,
      ),
  });
  const shared = { feed, now, startTimer };
  const imported = new ImportedHashes((after) => watch.read(() => readImportedKeys(db, after), headOf));
  feed.onForget(() => imported.forget());
  return {
    feed,
    tokens: new FreshCache({
      ...shared,
      read: async (hash) => {
        const { head, token } = await watch.read(() => readCheckableToken(db, hash), headOf);
        return { head, value: token && asHeld(token) };
      },
      subjectsOf: tokenSubjects,
      bytesOf: (token) => RECORD_BYTES + textBytes(token.permissions) + textBytes(token.allowedIps ?? []),
      maxEntries: MAX_TOKENS,
      maxBytes: MAX_TOKEN_BYTES,
    }),
    services: new FreshCache({
      ...shared,
      read: async (hash) => {
        const { head, service } = await watch.read(() => readKeyedService(db, hash), headOf);
        return { head, value: service };
      },
      subjectsOf: (service) => [subjects.service(service.id)],
      bytesOf: (service) => RECORD_BYTES + textBytes(service.catalogues ?? []),
      maxEntries: MAX_SERVICES,
      maxBytes: MAX_SERVICE_BYTES,
    }),
    catalogues: new FreshCache({
      ...shared,
      read: async () => {
        const { head, catalogues } = await watch.read(() => readCatalogues(db), headOf);
        return {
          head,
          value: indexCatalogues([...builtInCatalogues, ...catalogues.map(({ definition }) => definition)]),
        };
      },
      subjectsOf: () => [subjects.catalogues()],
      bytesOf: () => 0,
      maxEntries: 1,
      maxBytes: 1,
    }),
    imported: new FreshCache<HashFilter>({
      ...shared,
      read: () => imported.read(),
      subjectsOf: () => [subjects.importedKeys()],
      bytesOf: () => 0,
      maxEntries: 1,
      maxBytes: 1,
    }),
    domains: new FreshCache<ProvenDomains>({
      ...shared,
      read: async () => {
        const { head, domains } = await watch.read(() => readProvenDomains(db), headOf);
        return { head, value: new Map(domains.map((domain) => [domain.name, domain])) };
      },
      subjectsOf: () => [subjects.domains()],
      bytesOf: () => 0,
      maxEntries: 1,
      maxBytes: 1,
    }),
  };
}

/** Everything whose change can change what a check of this token says. */
function tokenSubjects({ id, teamId, userId, clientId, grantId, membership }: CheckableToken): string[] {
  return [
    subjects.token(id),
    subjects.team(teamId),
    ...(userId === null ? [] : [subjects.member(teamId, userId)]),
    ...(clientId === null ? [] : [subjects.client(clientId)]),
    ...(grantId === null ? [] : [subjects.grant(grantId)]),
    ...(membership === null ? [] : [subjects.role(membership.role)]),
  ];
}

/** Every catalogue, built in and the operator's. */
export async function knownPermissions(records: Records, moment: Moment): Promise<PermissionIndex> {
  const fresh = await records.catalogues.get(ALL_CATALOGUES, moment);
  if (fresh === null) throw new Error("the catalogues are always there");
  return fresh.value;
}

/** The same where nothing has to be waited for, else null: a hot check waits for nothing. */
export function permissionsAtHand({ catalogues }: Records, moment: Moment): PermissionIndex | null {
  return catalogues.hit(ALL_CATALOGUES, moment)?.value ?? null;
}

/** Every name that a team has proven; at hand, as a rule. */
export async function provenDomains({ domains }: Records, moment: Moment): Promise<ProvenDomains> {
  const fresh = domains.hit(ALL_DOMAINS, moment) ?? (await domains.get(ALL_DOMAINS, moment));
  if (fresh === null) throw new Error("the table of domains is always there");
  return fresh.value;
}

/**
 * Returns once the database was held against the journal, at most the bound before the arrival: what is not
 * cached and reads the database by itself, as sessions do, would otherwise believe a restored one.
 * @throws {Unavailable} when that cannot be had in time
 */
export async function heldAgainstJournal(records: Records, moment: Moment): Promise<void> {
  await records.catalogues.get(ALL_CATALOGUES, moment);
}

/** Reads the catalogues again: whoever changed them then finds them changed, in this isolate, at once. */
export async function rereadCatalogues(records: Records, moment: Moment): Promise<void> {
  await records.catalogues.get(ALL_CATALOGUES, moment, () => true);
}

/** Two bytes a character, and a string's own overhead. */
function textBytes(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + 2 * text.length + 16, 0);
}
