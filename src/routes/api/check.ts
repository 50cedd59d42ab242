import * as v from "valibot";
import { parseAddress } from "../../domain/address.ts";
import { ok } from "../../domain/result.ts";
import { askCheck, type AskedQuestion } from "../../operations/ask-check.ts";
import { languageOf } from "../refusals.ts";
import { route, type Route } from "./route.ts";
import { presentVerdict, writeAllowed } from "./verdict.ts";

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
  // RFC 9449: the caller's DPoP header, with the method and URL of the request that it came with.
  proof: v.optional(v.strictObject({ jwt: v.string(), method: v.string(), url: v.string() })),
});

/**
 * A question in the form that nearly all have, or null: then `checkBody` decides, and says what is wrong. It
 * takes nothing that the schema would not take as it is (tested against it).
 */
export function plainQuestion(value: unknown): AskedQuestion | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  for (const member in value) if (!MEMBERS.has(member)) return null;
  const { token, permissions = [], team, ip, cost = 1, proof } = value as Record<string, unknown>;
  if (typeof token !== "string" || cost !== 1 || proof !== undefined || !isShortListOfTexts(permissions))
    return null;
  if (!isTextOrMissing(team) || !isTextOrMissing(ip)) return null;
  if (ip !== undefined && parseAddress(ip) === null) return null;
  return { token, permissions, team, ip, cost };
}

const MEMBERS: ReadonlySet<string> = new Set(Object.keys(checkBody.entries));

function isShortListOfTexts(value: unknown): value is string[] {
  return (
    Array.isArray(value) && value.length <= MAX_PERMISSIONS && value.every((item) => typeof item === "string")
  );
}

function isTextOrMissing(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}

export const checkRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/check",
    summary: "May this token do this?",
    access: { kind: "service" },
    body: checkBody,
    plainBody: plainQuestion,
    answers: { status: 200, body: "Verdict" },
    handle: async ({ deps, service, body: question, moment, request }) => {
      const asked = await askCheck(deps, service, question, moment);
      if (!asked.ok) return asked;
      const verdict = asked.value;
      const text = writeAllowed(verdict, service);
      if (text !== null) return ok({ status: 200, body: text, written: true });
      return ok({ status: 200, body: presentVerdict(verdict, service, languageOf(request), deps.origins) });
    },
  }),
];
