import type { Context } from "hono";
import * as v from "valibot";
import { Problem } from "./problem.ts";

/** A name as people give one. */
export const nameText = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(100));

/**
 * Reads a JSON body. No body is as good as an empty object where that will do.
 * @throws {Problem} naming the member at fault in the schema's own words, and never what was sent.
 */
export async function readBody<S extends v.GenericSchema>(
  context: Context,
  schema: S,
): Promise<v.InferOutput<S>> {
  const text = await context.req.text();
  const isEmpty = text.trim() === "";
  const parsed = v.safeParse(schema, isEmpty ? {} : parseJson(text), { abortEarly: true });
  if (parsed.success) return parsed.output;
  if (isEmpty) throw new Problem("COM0006", "The body is empty. Send a JSON object.");
  throw new Problem("COM0005", describeIssue(parsed.issues[0]));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem("COM0014", "The body is not well-formed JSON.");
  }
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  if (issue.type === "strict_object" && issue.expected === "never") return "The body has an unknown member.";
  const member = issue.path?.map(({ key }) => String(key)).join(".");
  return member === undefined
    ? "The body is not a JSON object."
    : `Member ${member} is missing or not valid.`;
}
