import { ERROR_CODES, type ErrorCode } from "../../domain/error-codes.ts";
import { MESSAGES } from "../../domain/messages/index.ts";
import { ok } from "../../domain/result.ts";
import { languageOf } from "../refusals.ts";
import { route, type Route } from "./route.ts";

export const errorRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/errors",
    summary: "Every error code, with its statuses and meaning.",
    access: { kind: "anyone" },
    answers: { status: 200, body: "Errors" },
    handle: async ({ request }) => {
      const language = languageOf(request);
      const errors = (Object.keys(ERROR_CODES) as ErrorCode[]).map((code) => ({
        error_code: code,
        statuses: ERROR_CODES[code],
        error_description: MESSAGES.en.codes[code],
        localized_error_description: MESSAGES[language].codes[code],
      }));
      return ok({
        status: 200,
        body: { errors },
        headers: { "Content-Language": language, Vary: "Accept-Language" },
      });
    },
  }),
];
