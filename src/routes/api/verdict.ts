import type { Language } from "../../domain/language.ts";
import { maySee } from "../../operations/ask-check.ts";
import type { Verdict } from "../../operations/verdict.ts";
import type { KeyedService } from "../../operations/identify-caller.ts";
import { sendableError, type Origins } from "../refusals.ts";
import { isoTime } from "./present.ts";

/** A verdict as the wire says it (contract, section 4), to a service that sees its catalogues alone. */
export function presentVerdict(
  { refusal, token, rateLimit, asOf }: Verdict,
  service: KeyedService,
  language: Language,
  origins: Origins,
) {
  return {
    allowed: refusal === null,
    reason: refusal?.kind ?? null,
    missing: refusal?.kind === "missing_permission" ? refusal.missing : [],
    ...(refusal?.kind === "wrong_region"
      ? { region: { code: refusal.region, base_url: origins[refusal.region] } }
      : {}),
    token: token && {
      id: token.id,
      kind: token.kind,
      team: token.teamId,
      name: token.name,
      profile_id: token.profileId,
      client_id: token.clientId,
      user_id: token.userId,
      permissions: token.permissions.filter((permission) => maySee(service, permission)),
      expires_at: isoTime(token.expiresAt),
    },
    rate_limit: rateLimit && {
      limit: rateLimit.limit,
      remaining: rateLimit.remaining,
      reset_seconds: rateLimit.resetSeconds,
    },
    as_of: isoTime(asOf),
    error: refusal && sendableError(refusal, language, origins),
  };
}
