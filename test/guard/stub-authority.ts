import type { Authority, CheckAnswer, CheckError, CheckedToken, CheckInput } from "../../src/guard/index.ts";

export const TOKEN: CheckedToken = {
  id: "tok_1",
  kind: "pat",
  team: "team_1",
  name: "CI",
  profile_id: null,
  client_id: null,
  user_id: null,
  permissions: ["EMM.Devices.VIEW"],
  expires_at: null,
};

const NOTHING = {
  reason: null,
  missing: [],
  token: null,
  rate_limit: null,
  as_of: "2026-11-22T00:00:00.000Z",
};

export function allowed(more: Partial<CheckAnswer> = {}): CheckAnswer {
  return { ...NOTHING, allowed: true, token: TOKEN, error: null, ...more };
}

/** A verdict, or with `reason: null` what Jeton says to a question that it could not answer. */
export function refused(
  status: number,
  code: string,
  more: Partial<CheckAnswer> = {},
  errorMore: Partial<CheckError> = {},
): CheckAnswer {
  const error = {
    status,
    error_code: code,
    error_description: `About ${code}.`,
    localized_error_description: `Über ${code}.`,
    ...errorMore,
  };
  return { ...NOTHING, allowed: false, reason: "some_reason", error, ...more };
}

export interface Asked {
  readonly input: CheckInput;
  readonly options: { readonly acceptLanguage?: string } | undefined;
}

/** Answers everything alike, and notes what it was asked. */
export function stubAuthority(answer: unknown): { readonly authority: Authority; readonly asked: Asked[] } {
  const asked: Asked[] = [];
  const check: Authority["check"] = (input, options) => {
    asked.push({ input, options });
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer as CheckAnswer);
  };
  return { authority: { check }, asked };
}
