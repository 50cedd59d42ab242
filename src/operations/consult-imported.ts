import { mayHold, type HashFilter } from "../domain/hash-filter.ts";
import { isForeignText } from "../domain/imported-key.ts";
import type { RegionCode } from "../domain/region.ts";
import { isTagged, type Credential } from "../domain/token.ts";
import { hashCredential } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import type { Fresh } from "./fresh-cache.ts";
import type { Moment } from "./moment.ts";

/** What this isolate says of a text that is no credential of ours. */
export interface Consulted {
  /** The hash to look up; null: no import has brought such a key. */
  readonly hash: string | null;
  /** The moment up to which imports are known. */
  readonly asOf: number;
}

type Asked = Pick<Deps, "records" | "freshnessMs" | "operatorKeyHashes">;
type AskedOfHash = Omit<Asked, "operatorKeyHashes">;

/** The one key of the cache that holds the filter. */
const ALL_IMPORTED = "all";

/**
 * Whether a text may be an imported key, by the filter in memory: one that is made up does not reach the store.
 * Answers at once where the filter is at hand. With a freshness bound of 0 nothing is kept in memory, and the
 * look-up itself says it.
 * @throws {Unavailable} when freshness cannot be had in time.
 */
export function consultImported(deps: Asked, text: string, moment: Moment): Consulted | Promise<Consulted> {
  if (!isForeignText(text)) return { hash: null, asOf: moment.arrivedAt };
  const hash = hashCredential(text);
  // Not importable, and none of a team's either if it became an operator key later.
  if (deps.operatorKeyHashes.has(hash)) return { hash: null, asOf: moment.arrivedAt };
  return consultHash(deps, hash, moment);
}

/**
 * The same for a hash: of a credential that names another region, and may have come with a team that moved here.
 * @throws {Unavailable} when freshness cannot be had in time.
 */
export function consultHash(
  { records, freshnessMs }: AskedOfHash,
  hash: string,
  moment: Moment,
): Consulted | Promise<Consulted> {
  const { feed } = records;
  // Most regions have none of what another made: their feed says so, and no filter is needed.
  if (!feed.holdsForeign && feed.isFreshFor(moment)) return { hash: null, asOf: feed.knownAt };
  // What was found before needs no filter.
  if (freshnessMs === 0 || records.tokens.has(hash)) return { hash, asOf: moment.arrivedAt };
  const filter = records.imported.hit(ALL_IMPORTED, moment);
  return filter === null
    ? records.imported.get(ALL_IMPORTED, moment).then((read) => judge(read, hash))
    : judge(filter, hash);
}

/**
 * The region in which a credential counts, where that is another one: the one that it names, unless its team has
 * moved here.
 * @throws {Unavailable} when freshness cannot be had in time.
 */
export async function regionElsewhere(
  { records, region: here }: Pick<Deps, "records" | "region">,
  { kind, region, text }: Credential,
  moment: Moment,
): Promise<RegionCode | null> {
  if (!isTagged(kind) || region === here) return null;
  const { feed } = records;
  if (!feed.holdsForeign && feed.isFreshFor(moment)) return region;
  const filter = await records.imported.get(ALL_IMPORTED, moment);
  return judge(filter, hashCredential(text)).hash === null ? region : null;
}

/** How many keys have been imported, ended ones too. */
export async function countImported({ records }: Pick<Asked, "records">, moment: Moment): Promise<number> {
  const filter = await records.imported.get(ALL_IMPORTED, moment);
  return filter?.value.length ?? 0;
}

function judge(filter: Fresh<HashFilter> | null, hash: string): Consulted {
  if (filter === null) throw new Error("the filter is always there");
  return { hash: mayHold(filter.value, hash) ? hash : null, asOf: filter.asOf };
}
