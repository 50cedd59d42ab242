import type { ClientRow } from "../../store/client-authentication.ts";
import type { OAuthParameters } from "./request.ts";

/** A request to the token endpoint whose client is known and has authenticated. */
export interface TokenRequest {
  readonly client: ClientRow;
  /** What the client authenticated by; null: it is public. */
  readonly secret: string | null;
  readonly parameters: OAuthParameters;
  /** Thumbprint of the key that proved itself (RFC 9449); null: none did. */
  readonly proofKey: string | null;
  readonly ip: string | null;
}

/** What the token endpoint gives, before it is JSON on the wire. */
export interface TokenAnswer {
  readonly accessToken: string;
  readonly refreshToken: string | null;
  readonly expiresInSeconds: number;
  readonly permissions: readonly string[];
  readonly tokenType: "Bearer" | "DPoP";
  /** Of a token exchange (RFC 8693). */
  readonly issuedTokenType?: string;
}
