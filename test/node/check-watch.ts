import type { RegionCode } from "../../src/domain/region.ts";
import type { Json, RegionProcesses } from "./region-processes.ts";

/** A check: when it was asked and answered, as `Date.now` tells, and what the answer was. */
export interface Seen {
  readonly code: RegionCode;
  readonly token: string;
  readonly asked: number;
  readonly answered: number;
  /** Null: nobody answered. */
  readonly verdict: Json | null;
}

interface Watched<Code extends RegionCode> {
  readonly regions: RegionProcesses<Code>;
  readonly codes: readonly Code[];
  /** Of a service in each region. */
  readonly keys: ReadonlyMap<Code, string>;
  readonly tokens: readonly string[];
  readonly permission: string;
}

/** Asks regions about tokens, all the while something goes on. */
export async function watchDuring<Code extends RegionCode>(
  watched: Watched<Code>,
  goesOn: () => Promise<void>,
): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  const over = new AbortController();
  const watch = async (code: Code) => {
    while (!over.signal.aborted) {
      for (const token of watched.tokens) seen.push(await look(watched, code, token));
    }
  };
  const watches = Promise.all(watched.codes.map(watch));
  try {
    await goesOn();
  } finally {
    over.abort();
    await watches;
  }
  return seen;
}

async function look<Code extends RegionCode>(
  { regions, keys, permission }: Watched<Code>,
  code: Code,
  token: string,
): Promise<Seen> {
  const asked = Date.now();
  const body = { token, permissions: [permission] };
  const answer = await regions.ask(code, "POST", "/v1/check", body, keys.get(code)).catch(() => null);
  return { code, token, asked, answered: Date.now(), verdict: answer?.body ?? null };
}

/** The checks by which a region accepted a token. */
export function acceptedBy(seen: readonly Seen[], code: RegionCode, token?: string): readonly Seen[] {
  return seen.filter(
    (each) =>
      each.code === code &&
      (token === undefined || each.token === token) &&
      each.verdict?.["allowed"] === true,
  );
}
