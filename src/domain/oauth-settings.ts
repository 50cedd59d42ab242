/** How many OAuth credentials may be made, and how long they live (contract, section 1). */
export interface OAuthSettings {
  readonly grantTokensPerWindow: number;
  readonly accessTokensPerWindow: number;
  readonly refreshTokensPerWindow: number;
  readonly issueWindowSeconds: number;
  /** Live ones of one user and client; one more evicts the oldest. */
  readonly refreshTokensPerUser: number;
  readonly accessTokenSeconds: number;
  /** Of a grant token from the consent page. */
  readonly grantTokenSeconds: number;
}
