import type { Language } from "../../domain/language.ts";
import { maySee } from "../../operations/ask-check.ts";
import type { KeyedService } from "../../operations/identify-caller.ts";
import type { Verdict } from "../../operations/verdict.ts";
import { sendableError, type Origins } from "../refusals.ts";
import { isoTime } from "./present.ts";

type CheckedToken = NonNullable<Verdict["token"]>;

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
    token: token && presentCheckedToken(token, service),
    rate_limit: rateLimit && {
      limit: rateLimit.limit,
      remaining: rateLimit.remaining,
      reset_seconds: rateLimit.resetSeconds,
    },
    as_of: isoTime(asOf),
    error: refusal && sendableError(refusal, language, origins),
  };
}

/**
 * The JSON text of `presentVerdict` for a token that may, and null for any other verdict. Put together from
 * parts, since what is said of a hot token is the same each time: the text of its record is kept with it.
 */
export function writeAllowed({ refusal, token, rateLimit, asOf }: Verdict, service: KeyedService) {
  if (refusal !== null || token === null || rateLimit !== null) return null;
  return (
    `{"allowed":true,"reason":null,"missing":[],"token":${writtenToken(token, service)},` +
    `"rate_limit":null,"as_of":"${writtenTime(asOf)}","error":null}`
  );
}

function presentCheckedToken(token: CheckedToken, service: KeyedService) {
  return {
    id: token.id,
    kind: token.kind,
    team: token.teamId,
    name: token.name,
    profile_id: token.profileId,
    client_id: token.clientId,
    user_id: token.userId,
    permissions: token.permissions.filter((permission) => maySee(service, permission)),
    expires_at: isoTime(token.expiresAt),
  };
}

/** By record, which is replaced when anything in it changes; with the catalogues for which it was written. */
const written = new WeakMap<CheckedToken, { readonly catalogues: string; readonly text: string }>();

function writtenToken(token: CheckedToken, service: KeyedService): string {
  const catalogues = service.catalogues?.join(" ") ?? "*";
  const known = written.get(token);
  if (known?.catalogues === catalogues) return known.text;
  const text = JSON.stringify(presentCheckedToken(token, service));
  written.set(token, { catalogues, text });
  return text;
}

let lastTime = { milliseconds: 0, text: isoTime(0) };

/** Checks between two reads of the feed are all true as of the same moment. */
function writtenTime(milliseconds: number): string {
  if (lastTime.milliseconds !== milliseconds) lastTime = { milliseconds, text: isoTime(milliseconds) };
  return lastTime.text;
}
