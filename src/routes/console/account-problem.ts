import type { AccountRefusal } from "../../domain/account-refusal.ts";
import type { Language } from "../../domain/language.ts";
import type { PageStatus } from "./page.ts";
import { formatNumber } from "./format.ts";
import type { Words } from "./words/index.ts";
import { fill } from "./words/fill.ts";

/** What speaks against something, in the person's words. */
export function accountProblem(refusal: AccountRefusal, words: Words, language: Language): string {
  return refusal.kind === "rate_limited"
    ? fill(words.signin.tooMany, { seconds: formatNumber(refusal.retryAfterSeconds, language) })
    : words.account.problems[refusal.kind];
}

export function accountStatus({ kind }: AccountRefusal): PageStatus {
  switch (kind) {
    case "rate_limited":
      return 429;
    case "came_by_sso":
      return 403;
    case "wrong_code":
    case "passkey_refused":
    case "stale_step":
      return 401;
    default:
      return 400;
  }
}
