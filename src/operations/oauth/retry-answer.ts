import type { Deps } from "../deps.ts";
import { hashCredential } from "../credentials.ts";
import { makeVault } from "../encryption.ts";
import type { OAuthParameters } from "./request.ts";

/** So long the same request gets the same answer again (contract, section 6): its client may have lost it. */
export const RETRY_MS = 10_000;

/** What a request has to have alike to be the same one, and what opens its answer. */
export interface Attempt {
  readonly clientId: string;
  readonly parameters: OAuthParameters;
  /** The secrets that the request presents: the one-time credential, and the client's where it has one. */
  readonly secrets: readonly string[];
  readonly proofKey: string | null;
}

export interface KeptAnswer {
  readonly retryFingerprint: string;
  readonly retryAnswer: string;
}

/**
 * Keeps an answer for the same request, under a key that only who presents the same secrets can derive. It is
 * stored in the batch that uses the credential up, and erased when the time is over.
 */
export function keepAnswer(deps: Pick<Deps, "randomBytes">, attempt: Attempt, answer: object): KeptAnswer {
  const retryFingerprint = fingerprint(attempt);
  const vault = makeVault([keyOf(attempt)], deps.randomBytes);
  return { retryFingerprint, retryAnswer: vault.seal(JSON.stringify(answer), retryFingerprint) };
}

/**
 * The kept answer, if this is the same request within the time.
 * @param usedAt when the credential was used up; null: it was not
 */
export function keptAnswer<T>(
  deps: Pick<Deps, "randomBytes" | "clock">,
  attempt: Attempt,
  kept: {
    readonly retryFingerprint: string | null;
    readonly retryAnswer: string | null;
    readonly usedAt: number | null;
  },
): T | null {
  if (kept.usedAt === null || kept.retryAnswer === null) return null;
  if (deps.clock() - kept.usedAt > RETRY_MS || kept.retryFingerprint !== fingerprint(attempt)) return null;
  try {
    const vault = makeVault([keyOf(attempt)], deps.randomBytes);
    return JSON.parse(vault.open(kept.retryAnswer, kept.retryFingerprint)) as T;
  } catch {
    return null;
  }
}

/** Parameters that differ in two attempts of one request: assertions are made anew each time. */
const MADE_ANEW: ReadonlySet<string> = new Set(["client_assertion"]);

function fingerprint({ clientId, parameters, proofKey }: Attempt): string {
  const alike = parameters.entries.filter(([name]) => !MADE_ANEW.has(name)).toSorted(byNameAndValue);
  return hashCredential(JSON.stringify([clientId, proofKey, alike]));
}

function byNameAndValue(left: readonly [string, string], right: readonly [string, string]): number {
  return compare(left[0], right[0]) || compare(left[1], right[1]);
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function keyOf({ secrets }: Attempt): string {
  return JSON.stringify(["retry", ...secrets]);
}
