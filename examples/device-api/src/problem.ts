/** The codes that this API answers with, and their statuses; Jeton's own come through the guard. */
const STATUSES = {
  COM0001: 405,
  COM0003: 400,
  COM0004: 500,
  COM0005: 400,
  COM0006: 400,
  COM0008: 404,
  COM0010: 409,
  COM0014: 400,
  COM00020: 400,
  LOC0001: 412,
  SDE0003: 412,
  CMD0001: 412,
  CMD0002: 412,
  APP0002: 412,
} as const;

export type ProblemCode = keyof typeof STATUSES;

/** A refusal, thrown from wherever it shows. Its text goes to the caller: no submitted value, no secret. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;

  constructor(code: ProblemCode, description: string) {
    super(description);
    this.code = code;
  }
}

export function notFound(noun: string): Problem {
  return new Problem("COM0008", `There is no such ${noun} in this team.`);
}

/** As the answer that clients of this API know. This API speaks English only, and says so. */
export function problemResponse({ code, message }: Problem, headers: Readonly<Record<string, string>> = {}) {
  const body = { error_code: code, error_description: message, localized_error_description: message };
  return new Response(JSON.stringify(body), {
    status: STATUSES[code],
    headers: {
      "Content-Type": "application/json;charset=UTF-8",
      "Content-Language": "en",
      "Cache-Control": "no-store",
      ...headers,
    },
  });
}
