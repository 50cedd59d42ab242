import * as v from "valibot";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";

const MAX_BODY_BYTES = 64 * 1024;

const TOO_LARGE: Refusal = { kind: "body_too_large", limitBytes: MAX_BODY_BYTES };

export interface ReadBody {
  readonly text: string;
  readonly value: unknown;
}

/** Reads a JSON body; says what is wrong with it, and repeats nothing of it. */
export async function readJson(request: Request): Promise<Result<ReadBody, Refusal>> {
  const text = await readText(request);
  if (!text.ok) return text;
  if (text.value.trim() === "") return err({ kind: "empty_body" });
  if (!isJsonType(request.headers.get("Content-Type"))) return err({ kind: "unsupported_media_type" });
  let value: unknown;
  try {
    value = JSON.parse(text.value);
  } catch {
    return err({ kind: "malformed_json" });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return err({ kind: "body_not_object" });
  return ok({ text: text.value, value });
}

export function validate<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
): Result<v.InferOutput<S>, Refusal> {
  const parsed = v.safeParse(schema, value, { abortEarly: true, abortPipeEarly: true });
  return parsed.success ? ok(parsed.output) : err(refusalOf(parsed.issues[0]));
}

/** No media type is taken for JSON: many clients send none. */
function isJsonType(contentType: string | null): boolean {
  if (contentType === null) return true;
  const [type = ""] = contentType.split(";");
  return /^application\/(?:[\w.+-]+\+)?json$/i.test(type.trim());
}

async function readText(request: Request): Promise<Result<string, Refusal>> {
  const declared = Number(request.headers.get("Content-Length") ?? Number.NaN);
  if (declared > MAX_BODY_BYTES) return err(TOO_LARGE);
  if (request.body === null) return ok("");
  // A declared length is kept to by the platform; only a body of unknown length needs counting.
  return Number.isNaN(declared) ? readCapped(request.body) : ok(await request.text());
}

async function readCapped(stream: ReadableStream<Uint8Array>): Promise<Result<string, Refusal>> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) return err(TOO_LARGE);
    text += decoder.decode(chunk, { stream: true });
  }
  return ok(text + decoder.decode());
}

type Issue = v.BaseIssue<unknown>;

/** Names the member by the schema's own words; a name that only the caller used is left out. */
function refusalOf(issue: Issue): Refusal {
  const path = issue.path ?? [];
  if (issue.type === "strict_object") {
    const unknown = issue.expected === "never";
    return {
      kind: "invalid_member",
      member: memberPath(unknown ? path.slice(0, -1) : path),
      problem: unknown ? "unknown" : "missing",
    };
  }
  return {
    kind: "invalid_member",
    member: memberPath(path),
    problem: issue.received === "undefined" ? "missing" : "invalid",
  };
}

function memberPath(path: readonly v.IssuePathItem[]): string {
  let member = "";
  for (const item of path) {
    if (item.type === "array") member += `[${String(item.key)}]`;
    else if (item.type === "object" && item.origin === "value") member += `${member && "."}${String(item.key)}`;
    else break;
  }
  return member;
}
