import type { GrantType } from "../domain/client.ts";
import type { OAuthRefusal } from "../domain/oauth-refusal.ts";
import type { Result } from "../domain/result.ts";
import type { Deps } from "../operations/deps.ts";
import type { Moment } from "../operations/moment.ts";
import type { Presented } from "../operations/oauth/foreign-credential.ts";
import type { TokenAnswer, TokenRequest } from "../operations/oauth/token-request.ts";

/** One way to get tokens at the token endpoint (RFC 6749, section 1.3), as data. */
export interface Grant {
  /** The value of `grant_type`. */
  readonly type: GrantType;
  /** What it takes tokens for; null: nothing but the client's own credentials. */
  readonly presents: Presented | null;
  /** @returns the tokens, or why there are none; the client is authenticated and may use this grant */
  redeem(deps: Deps, request: TokenRequest, moment: Moment): Promise<Result<TokenAnswer, OAuthRefusal>>;
}
