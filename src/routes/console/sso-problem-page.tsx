import type { Language } from "../../domain/language.ts";
import type { SsoRefusal } from "../../domain/sso-refusal.ts";
import { Layout } from "./layout.tsx";
import type { PageStatus } from "./page.ts";
import { formatNumber } from "./format.ts";
import type { Words } from "./words/index.ts";
import { fill } from "./words/fill.ts";

/** What went wrong, and what to do: our own words alone, for what a provider says may be anybody's. */
export function SsoProblemPage({
  refusal,
  words,
  language,
}: {
  readonly refusal: SsoRefusal;
  readonly words: Words;
  readonly language: Language;
}) {
  const { signin: text } = words;
  return (
    <Layout title={text.ssoTitle} words={words} language={language}>
      <p class="note alarm" role="alert">
        {refusal.kind === "rate_limited"
          ? fill(text.tooMany, { seconds: formatNumber(refusal.retryAfterSeconds, language) })
          : text.sso[refusal.kind]}
      </p>
      <p>
        <a class="button quiet" href="/signin">
          {text.toSignIn}
        </a>
      </p>
    </Layout>
  );
}

export function statusOf({ kind }: SsoRefusal): PageStatus {
  switch (kind) {
    case "stale_flow":
    case "unknown_connection":
      return 400;
    case "rate_limited":
      return 429;
    case "provider_failed":
      return 503;
    case "sign_in_first":
      return 401;
    case "already_connected":
      return 409;
    case "team_suspended":
    case "sso_not_allowed":
    case "provider_declined":
    case "address_not_admitted":
    case "not_invited":
    case "invitation_beyond_connection":
    case "account_exists":
    case "not_a_member":
      return 403;
  }
}
