import type { SentProof } from "../domain/proof.ts";
import type { CheckRefusal } from "../domain/refusal.ts";
import type { CheckableToken } from "../store/access-tokens.ts";
import type { RateLimit } from "./charge-limit.ts";

/** "May this token do this?" */
export interface Question {
  readonly token: string;
  /** Exact permissions; the token needs all of them. */
  readonly permissions: readonly string[];
  /** The team whose data is asked for; null: any. */
  readonly team: string | null;
  /** The caller's address as text, null when unknown. */
  readonly ip: string | null;
  /** Permits of the token's rate limit that the call uses, from 1. */
  readonly cost: number;
  /** Who asks: a service's id, or null for this API itself. */
  readonly service: string | null;
  /** The resource (RFC 8707) for which the token must be meant, if it is bound to one. */
  readonly resource: string | null;
  /** What the caller sent under the scheme DPoP; null: the token came as a bearer token. */
  readonly proof: SentProof | null;
}

export interface Verdict {
  /** Null: allowed. */
  readonly refusal: CheckRefusal | null;
  /** The token that was asked about, null when there is none such. */
  readonly known: CheckableToken | null;
  /** The same, once it is clear that it is this team's and this audience's: all that the asker may see. */
  readonly token: CheckableToken | null;
  /** Whether the question touched a strict permission. */
  readonly strict: boolean;
  readonly rateLimit: RateLimit | null;
  /** Milliseconds; changes committed before this moment are known to be applied. */
  readonly asOf: number;
}
