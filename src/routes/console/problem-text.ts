import { describeRefusal } from "../../domain/messages/describe.ts";
import { MESSAGES } from "../../domain/messages/index.ts";
import type { Refusal } from "../../domain/refusal.ts";
import type { Visit } from "./visit.ts";

/** What the API says against a form, in the person's language; shown beside what they typed. */
export function problemText({ language, deps }: Pick<Visit, "language" | "deps">, refusal: Refusal): string {
  return describeRefusal(refusal, MESSAGES[language], { regionUrl: (code) => deps.origins[code] });
}
