import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import type { Statement } from "../store/database.ts";
import { claimKey, findKey, keepAnswer, pruneKeys, releaseKey } from "../store/idempotency.ts";
import { hashCredential, keyedHash, keyedHashHolds } from "./credentials.ts";
import type { Deps } from "./deps.ts";

/** `Idempotency-Key`: how long the first answer is repeated. */
export const KEPT_MS = 24 * 3_600_000;

/** Answers that one run of the scheduled job forgets. */
const MAX_FORGOTTEN = 20_000;

/** No request runs this long; one that has no answer by then died, and made nothing. */
const ABANDONED_MS = 60_000;

export interface KeyedRequest {
  /** Who asks, where, and by which key: together they name the request. */
  readonly caller: string;
  readonly method: string;
  readonly path: string;
  readonly key: string;
  readonly body: string;
}

export interface KeptAnswer {
  readonly status: number;
  readonly answer: unknown;
}

/** What an operation adds to its batch so that its answer is kept exactly when its change is. */
export type Keep<T> = (made: T) => readonly Statement[];

/** A claim to be the first request with this key. */
export interface Claim {
  /** The statement that keeps the answer, without its secret. */
  keep(status: number, answer: unknown): Statement;
  /** Gives the key back when the request was refused. */
  release(): Promise<void>;
}

export async function claimRequest(
  deps: Deps,
  request: KeyedRequest,
): Promise<Result<Claim | KeptAnswer, Refusal>> {
  const { db, clock } = deps;
  const { caller, method, path, key, body } = request;
  const id = hashCredential(JSON.stringify([caller, method, path, key]));
  const bodyHash = keyedHash(deps, body);
  const now = clock();
  const claim = { id, bodyHash, now, expiredBefore: now - KEPT_MS, abandonedBefore: now - ABANDONED_MS };
  if (await claimKey(db, claim)) {
    return ok({
      keep: (status, answer) => keepAnswer(db, { id, status, answer: JSON.stringify(answer) }),
      release: () => releaseKey(db, id),
    });
  }
  const kept = await findKey(db, id);
  if (kept !== undefined && !keyedHashHolds(deps, body, kept.bodyHash))
    return err({ kind: "idempotency_conflict" });
  if (kept?.status == null || kept.answer === null) return err({ kind: "idempotency_running" });
  return ok({ status: kept.status, answer: JSON.parse(kept.answer) as unknown });
}

export async function forgetAnswers({ db, clock }: Pick<Deps, "db" | "clock">): Promise<void> {
  await pruneKeys(db, { expiredBefore: clock() - KEPT_MS, limit: MAX_FORGOTTEN });
}
