import { describeRefusal } from "../../domain/messages/describe.ts";
import { MESSAGES } from "../../domain/messages/index.ts";
import type { Refusal } from "../../domain/refusal.ts";
import type { Visit } from "./visit.ts";

/**
 * What the API says against a form, in the person's language; shown beside what they typed.
 * @param labels what the form calls the API's members
 */
export function problemText(
  { language, deps }: Pick<Visit, "language" | "deps">,
  refusal: Refusal,
  labels: Readonly<Record<string, string>> = {},
): string {
  const told =
    "member" in refusal ? { ...refusal, member: labels[refusal.member] ?? refusal.member } : refusal;
  return describeRefusal(told, MESSAGES[language], { regionUrl: (code) => deps.origins[code] });
}
