import { negotiateLanguage } from "../domain/language.ts";
import type { Refusal } from "../domain/refusal.ts";
import { askCheck } from "../operations/ask-check.ts";
import type { Deps } from "../operations/deps.ts";
import type { KeyedService } from "../operations/identify-caller.ts";
import type { Moment } from "../operations/moment.ts";
import { Unavailable } from "../operations/unavailable.ts";
import { checkBody } from "./api/check.ts";
import { isoTime } from "./api/present.ts";
import { presentVerdict } from "./api/verdict.ts";
import { validate } from "./body.ts";
import { sendableError } from "./refusals.ts";

/** What the owner's configuration says of the Worker that is bound (`props` of its service binding). */
export interface AuthorityProps {
  /** Names the caller in the audit trail. */
  readonly service?: string;
  /** As of a registered service: what it sees and asks about. */
  readonly catalogues?: readonly string[];
  readonly resource?: string;
}

/**
 * `POST /v1/check` for service bindings: same input, same answer. A binding is made by the owner, in the
 * owner's account, so it needs no key. What over HTTP would be another status than 200 is an answer with
 * `reason: null` and that error.
 */
export async function answerCheck(
  deps: Deps,
  props: AuthorityProps,
  input: unknown,
  acceptLanguage: string | undefined,
  moment: Moment,
) {
  const language = negotiateLanguage(acceptLanguage);
  const unanswered = (refusal: Refusal) => ({
    allowed: false,
    reason: null,
    missing: [],
    token: null,
    rate_limit: null,
    as_of: isoTime(moment.arrivedAt),
    error: sendableError(refusal, language, deps.origins),
  });
  const body = validate(checkBody, input);
  if (!body.ok) return unanswered(body.error);
  const service = boundService(props);
  try {
    const asked = await askCheck(deps, service, body.value, moment);
    return asked.ok ? presentVerdict(asked.value, service, language, deps.origins) : unanswered(asked.error);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return unanswered({ kind: "unavailable", retryAfterSeconds: error.retryAfterSeconds });
  }
}

function boundService({ service, catalogues, resource }: AuthorityProps): KeyedService {
  return {
    id: service ?? "binding",
    name: service ?? "binding",
    catalogues: catalogues === undefined ? null : [...catalogues],
    resource: resource ?? null,
    createdAt: 0,
    deletedAt: null,
    keyExpiresAt: null,
  };
}
