import type { RegionCode } from "../../domain/region.ts";
import { parseCredential } from "../../domain/token.ts";
import { findLeaked, type KnownLeak } from "../../store/leaks.ts";
import { regionElsewhere } from "../consult-imported.ts";
import { hashCredential, tagHolds } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import type { Moment } from "../moment.ts";
import { heldAgainstJournal } from "../records.ts";
import { Unavailable } from "../unavailable.ts";
import { endLeaked } from "./end-leaked.ts";
import { cleanSource, cleanUrl } from "./leak-place.ts";
import { isLeakable, type Leakable } from "./leak.ts";
import { passOn, type SignedReport } from "./pass-on.ts";

/** One match, as GitHub reports it. */
export interface Match {
  readonly token: string;
  readonly type: string;
  readonly url: string | null;
  readonly source: string | null;
}

/** What became of one; GitHub knows which by the SHA-256 of the token, in base64. */
export interface Label {
  readonly tokenHash: string;
  readonly type: string;
  readonly isTrue: boolean;
}

/** So many end in one call, within one invocation's queries; for more, GitHub is asked to call again. */
const MOST_ENDED = 50;

/**
 * Ends what GitHub has found, and says of each match whether it was a credential. Another region's are its own to
 * judge and to end: it gets the report as GitHub signed it.
 * @param signed the report as it came
 * @param via the regions that passed it on, null: GitHub sent it. A credential's own region has judged it then; only
 *   where a team has moved from there the report goes on, to where it has not been.
 * @throws {Unavailable} when not all of it could be done; what was done stays done, and the same report again
 *   does the rest
 */
export async function reportByGitHub(
  deps: Deps,
  {
    matches,
    ip,
    signed,
    via,
  }: {
    readonly matches: readonly Match[];
    readonly ip: string | null;
    readonly signed: SignedReport;
    readonly via: readonly RegionCode[] | null;
  },
  moment: Moment,
): Promise<Label[]> {
  const own = new Map<string, Found>();
  const elsewhere = new Map<string, RegionCode>();
  for (const match of matches) {
    const credential = parseCredential(match.token);
    if (credential === null || !isLeakable(credential)) continue;
    const hash = hashCredential(match.token);
    const region = await regionElsewhere(deps, credential, moment);
    // A secret may hold in more regions than the one that it names.
    const named = credential.kind === "cs" && credential.region !== deps.region ? credential.region : region;
    if (named !== null && via === null) elsewhere.set(hash, named);
    if (region !== null) continue;
    if (credential.region !== deps.region || tagHolds(deps, credential)) {
      own.set(hash, { credential, match });
    }
  }
  const stored = await findOwn(deps, own, moment);
  const moved = [...stored].filter(([, { teamLivesIn }]) => teamLivesIn !== null);
  for (const [hash, { teamLivesIn }] of moved) {
    if (teamLivesIn !== null && !via?.includes(teamLivesIn)) elsewhere.set(hash, teamLivesIn);
  }
  const isTrue = new Set<string>();
  // Whatever becomes of one part, the other part is done.
  const done = await Promise.allSettled([
    endOwn(deps, own, stored, isTrue, { ip, moment }),
    passOn(deps, elsewhere, { signed, via: via ?? [] }, isTrue),
  ]);
  for (const part of done) if (part.status === "rejected") throw part.reason;
  // Between two regions, where neither can end it yet: GitHub has to ask again.
  if (moved.some(([hash, { isUnderWay }]) => isUnderWay && !isTrue.has(hash)))
    throw new Unavailable("a team is on its way to another region");
  return matches.map(({ token, type }) => {
    const hash = hashCredential(token);
    return { tokenHash: base64OfHex(hash), type, isTrue: isTrue.has(hash) };
  });
}

interface Found {
  readonly credential: Leakable;
  readonly match: Match;
}

/** What of it this region has, wherever its team lives now. */
async function findOwn(
  deps: Deps,
  own: ReadonlyMap<string, Found>,
  moment: Moment,
): Promise<ReadonlyMap<string, KnownLeak>> {
  if (own.size === 0) return new Map();
  // What was restored may hold a credential that has ended.
  await heldAgainstJournal(deps.records, moment);
  return findLeaked(deps.db, { hashes: [...own.keys()], here: deps.region, now: deps.clock() });
}

async function endOwn(
  deps: Deps,
  own: ReadonlyMap<string, Found>,
  stored: ReadonlyMap<string, KnownLeak>,
  isTrue: Set<string>,
  { ip, moment }: { ip: string | null; moment: Moment },
): Promise<void> {
  let ended = 0;
  for (const [hash, { credential, match }] of own) {
    const found = stored.get(hash);
    if (found === undefined || found.teamLivesIn !== null) continue;
    isTrue.add(hash);
    if (!found.isLive) continue;
    if (ended === MOST_ENDED) throw new Unavailable("more was reported than can be ended at once");
    ended += 1;
    const { url, source } = match;
    const report = { by: "github", source: cleanSource(source), url: cleanUrl(url), ip } as const;
    const leaked = await endLeaked(deps, credential, report);
    if (leaked !== null) deps.auditSealer.soon(leaked.teamId, moment);
  }
}

function base64OfHex(hex: string): string {
  const bytes = hex.match(/../g)?.map((pair) => Number.parseInt(pair, 16)) ?? [];
  return btoa(String.fromCharCode(...bytes));
}
