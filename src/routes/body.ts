import * as v from "valibot";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";

const MAX_BODY_BYTES = 64 * 1024;

/** What nests deeper is refused (RFC 8259, section 9): once it is stored, writing it out again could fail. */
const MAX_DEPTH = 100;

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
  const value = parse(text.value);
  return value.ok ? ok({ text: text.value, value: value.value }) : value;
}

/** The bytes of a body, for whoever needs them as they came. */
export async function readBytes(request: Request, limitBytes: number): Promise<Result<Uint8Array, Refusal>> {
  if (Number(request.headers.get("Content-Length")) > limitBytes) {
    return err({ kind: "body_too_large", limitBytes });
  }
  const stream: ReadableStream<Uint8Array> | null = request.body;
  return stream === null ? ok(new Uint8Array()) : readCapped(stream, limitBytes);
}

/** Bytes that were read as JSON; whatever their media type. */
export function readJsonBytes(bytes: Uint8Array): Result<unknown, Refusal> {
  const text = decode(ok(bytes));
  return text.ok ? parse(text.value) : text;
}

function parse(text: string): Result<unknown, Refusal> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err({ kind: "malformed_json" });
  }
  const tooDeep = mayNestDeeper(text, MAX_DEPTH) && nestsDeeper(value, MAX_DEPTH);
  return tooDeep ? err({ kind: "malformed_json" }) : ok(value);
}

/** A text with fewer opening brackets than that cannot nest so deep: nearly every body is done with here. */
function mayNestDeeper(text: string, levels: number): boolean {
  let brackets = 0;
  for (let at = 0; at < text.length && brackets <= levels; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BRACE || code === BRACKET) brackets += 1;
  }
  return brackets > levels;
}

function nestsDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => nestsDeeper(member, levels - 1));
}

export function validate<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
): Result<v.InferOutput<S>, Refusal> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return err({ kind: "body_not_object" });
  }
  return parseBy(schema, value);
}

/** The same for a body that is a list. */
export function validateList<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
): Result<v.InferOutput<S>, Refusal> {
  return Array.isArray(value)
    ? parseBy(schema, value)
    : err({ kind: "invalid_member", member: "", problem: "invalid" });
}

function parseBy<S extends v.GenericSchema>(schema: S, value: unknown): Result<v.InferOutput<S>, Refusal> {
  const parsed = v.safeParse(schema, value, { abortEarly: true, abortPipeEarly: true });
  return parsed.success ? ok(parsed.output) : err(refusalOf(parsed.issues[0]));
}

/** No media type is taken for JSON: many clients send none. */
function isJsonType(contentType: string | null): boolean {
  if (contentType === null) return true;
  const [type = ""] = contentType.split(";");
  return /^application\/(?:[\w.+-]+\+)?json$/i.test(type.trim());
}

const BRACE = 0x7b;
const BRACKET = 0x5b;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** What a decoder puts in the place of bytes that are no UTF-8. */
const REPLACEMENT = "\uFFFD";

/** A character that is no UTF-8 is refused: replaced, it would be stored as something that nobody sent. */
async function readText(request: Request): Promise<Result<string, Refusal>> {
  const declared = request.headers.get("Content-Length");
  if (Number(declared) > MAX_BODY_BYTES) return err(TOO_LARGE);
  if (declared === null) {
    const stream: ReadableStream<Uint8Array> | null = request.body;
    return stream === null ? ok("") : decode(await readCapped(stream, MAX_BODY_BYTES));
  }
  // In one call, since each costs a hot check more than the check itself. The length is counted all the
  // same: a caller by service binding may declare what it likes.
  const text = await request.text();
  if (text.length > MAX_BODY_BYTES) return err(TOO_LARGE);
  return text.includes(REPLACEMENT) ? err({ kind: "malformed_json" }) : ok(text);
}

function decode(bytes: Result<Uint8Array, Refusal>): Result<string, Refusal> {
  if (!bytes.ok) return bytes;
  try {
    return ok(utf8.decode(bytes.value));
  } catch {
    return err({ kind: "malformed_json" });
  }
}

async function readCapped(
  stream: ReadableStream<Uint8Array>,
  limitBytes: number,
): Promise<Result<Uint8Array, Refusal>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.byteLength;
    if (length > limitBytes) return err({ kind: "body_too_large", limitBytes });
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let end = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, end);
    end += chunk.byteLength;
  }
  return ok(bytes);
}

type Issue = v.BaseIssue<unknown>;

/** Names the member by the schema's own words; a name that only the caller used is left out. */
function refusalOf(issue: Issue): Refusal {
  const path = issue.path ?? [];
  if (issue.type === "strict_object" && issue.expected === "never") {
    return { kind: "invalid_member", member: memberPath(path.slice(0, -1)), problem: "unknown" };
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
    else if (item.type === "object") member += `${member && "."}${item.key}`;
    else break;
  }
  return member;
}
