import type { RegionCode } from "./region.ts";

/** The `typ` of a receipt, which no other JWT of ours has (RFC 8725, section 3.11). */
export const RECEIPT_TYPE = "revocation-receipt+jwt";

/** What was revoked: one credential by its kind, or everything of a team or person. */
export type RevokedKind = "pat" | "at" | "rt" | "cs" | "team" | "user";

export interface Revocation {
  readonly kind: RevokedKind;
  /** Id of the token; of a client secret, the client's. */
  readonly id: string;
  readonly teamId: string | null;
  /** Milliseconds. */
  readonly revokedAt: number;
  /** Milliseconds: no check received later accepts what was revoked. */
  readonly effectiveBy: number;
  /** Its audit event; null when a restore of the database has lost it. */
  readonly eventId: string | null;
  /** What else tells it from others of the kind. */
  readonly more?: Readonly<Record<string, string>>;
}

export interface ReceiptClaims {
  readonly iss: string;
  readonly jti: string;
  /** Seconds. */
  readonly iat: number;
  readonly sub: string;
  /** RFC 8417, section 2.2: the audit event, which several receipts may have in common. */
  readonly txn?: string;
  readonly kind: RevokedKind;
  readonly team: string | null;
  readonly region: RegionCode;
  readonly revoked_at: string;
  readonly effective_by: string;
}
