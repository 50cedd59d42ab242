import * as v from "valibot";
import { parseAddress } from "../../domain/address.ts";
import { ok } from "../../domain/result.ts";
import { askCheck } from "../../operations/ask-check.ts";
import { languageOf } from "../refusals.ts";
import { route, type Route } from "./route.ts";
import { presentVerdict } from "./verdict.ts";

/** No catalogue has more, and a longer list would only be a way to make a check slow. */
const MAX_PERMISSIONS = 200;

export const checkBody = v.strictObject({
  token: v.string(),
  permissions: v.optional(v.pipe(v.array(v.string()), v.maxLength(MAX_PERMISSIONS)), []),
  team: v.optional(v.string()),
  ip: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => parseAddress(text) !== null),
    ),
  ),
  cost: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1)), 1),
});

export const checkRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/check",
    summary: "May this token do this?",
    access: { kind: "service" },
    body: checkBody,
    answers: { status: 200, body: "Verdict" },
    handle: async ({ deps, service, body, moment, request }) => {
      const asked = await askCheck(deps, service, body, moment);
      if (!asked.ok) return asked;
      const language = languageOf(request);
      return ok({ status: 200, body: presentVerdict(asked.value, service, language, deps.origins) });
    },
  }),
];
