import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { oauthParameters, type OAuthParameters, type OAuthRequest } from "../../operations/oauth/request.ts";

const MAX_BODY_BYTES = 64 * 1024;
const MAX_PARAMETERS = 100;

/** RFC 8707, section 2: the only parameter that may be repeated. */
const REPEATABLE = "resource";

type Pair = readonly [string, string];

/** Reads a request to one of the OAuth endpoints; what was sent twice, in one place or in two, is refused. */
export async function readOAuthRequest(request: Request): Promise<Result<OAuthRequest, OAuthRefusal>> {
  const { searchParams, origin, pathname } = new URL(request.url);
  // A bearer credential in the query ends up in logs (RFC 6750, section 2.3; contract, section 2).
  if (searchParams.has("access_token")) return err({ kind: "bearer_in_query" });
  const posted = request.method === "POST" ? await readForm(request) : ok([]);
  if (!posted.ok) return posted;
  const parameters = collect([...searchParams, ...posted.value]);
  if (!parameters.ok) return parameters;
  return ok({
    parameters: parameters.value,
    basic: readBasic(request.headers.get("Authorization")),
    ip: request.headers.get("CF-Connecting-IP"),
    proof: request.headers.get("DPoP"),
    method: request.method,
    url: origin + pathname,
  });
}

function collect(pairs: readonly Pair[]): Result<OAuthParameters, OAuthRefusal> {
  if (pairs.length > MAX_PARAMETERS) return err({ kind: "body_unreadable" });
  const seen = new Set<string>();
  for (const [name] of pairs) {
    if (seen.has(name) && name !== REPEATABLE) {
      // A name that only the caller used is not repeated to them.
      return err({ kind: "parameter_repeated", parameter: KNOWN.has(name) ? name : "" });
    }
    seen.add(name);
  }
  return ok(oauthParameters(pairs));
}

const KNOWN: ReadonlySet<string> = new Set([
  "access_type",
  "actor_token",
  "assertion",
  "audience",
  "client_assertion",
  "client_assertion_type",
  "client_id",
  "client_secret",
  "code",
  "code_challenge",
  "code_challenge_method",
  "code_verifier",
  "device_code",
  "dpop_jkt",
  "enhance_token",
  "grant_type",
  "prompt",
  "redirect_uri",
  "refresh_token",
  "request_uri",
  "requested_token_type",
  "response_type",
  "scope",
  "state",
  "subject_token",
  "subject_token_type",
  "token",
  "token_type_hint",
  "user_code",
]);

async function readForm(request: Request): Promise<Result<readonly Pair[], OAuthRefusal>> {
  const type = (request.headers.get("Content-Type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const bytes = await readCapped(request);
  if (bytes === null) return err({ kind: "body_too_large" });
  if (bytes.byteLength === 0) return ok([]);
  switch (type) {
    // A client that names no type and sends a form means a form.
    case "":
    case "application/x-www-form-urlencoded":
      return ok([...new URLSearchParams(new TextDecoder().decode(bytes))]);
    case "multipart/form-data":
      return readMultipart(request.headers.get("Content-Type") ?? "", bytes);
    default:
      return err({ kind: "body_unreadable" });
  }
}

async function readMultipart(
  contentType: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Result<readonly Pair[], OAuthRefusal>> {
  try {
    const form = await new Response(bytes, { headers: { "Content-Type": contentType } }).formData();
    const pairs: Pair[] = [];
    for (const [name, value] of form) {
      if (typeof value !== "string") return err({ kind: "body_unreadable" });
      pairs.push([name, value]);
    }
    return ok(pairs);
  } catch {
    return err({ kind: "body_unreadable" });
  }
}

/** The body, or null when it is larger than any request needs to be. */
async function readCapped(request: Request): Promise<Uint8Array<ArrayBuffer> | null> {
  if (Number(request.headers.get("Content-Length")) > MAX_BODY_BYTES) return null;
  const stream: ReadableStream<Uint8Array> | null = request.body;
  if (stream === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.byteLength;
    if (length > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let end = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, end);
    end += chunk.byteLength;
  }
  return bytes;
}

/** RFC 6749, section 2.3.1: both halves are form-encoded. */
function readBasic(authorization: string | null): { clientId: string; secret: string } | null {
  const [, encoded] = /^basic\s+([a-z0-9+/]+=*)\s*$/i.exec(authorization ?? "") ?? [];
  if (encoded === undefined) return null;
  const text = fromBase64(encoded);
  const colon = text?.indexOf(":") ?? -1;
  if (text === null || colon < 0) return null;
  return { clientId: formDecoded(text.slice(0, colon)), secret: formDecoded(text.slice(colon + 1)) };
}

function fromBase64(encoded: string): string | null {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0)));
  } catch {
    return null;
  }
}

function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
