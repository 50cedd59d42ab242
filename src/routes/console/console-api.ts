import type * as v from "valibot";
import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import type { Deps } from "../../operations/deps.ts";
import type { Moment } from "../../operations/moment.ts";
import { retryAfterSecondsOf } from "../../operations/unavailable.ts";
import type { ANSWER_SCHEMAS } from "../api/answer-schemas.ts";
import { askApi } from "../api/dispatch.ts";
import type { Answer } from "../api/route.ts";

type AnswerName = keyof typeof ANSWER_SCHEMAS;
export type AnswerBody<Name extends AnswerName> = v.InferOutput<(typeof ANSWER_SCHEMAS)[Name]>;

export interface ConsoleAnswer<Body> {
  readonly body: Body;
  /** To be sent back with a change of what this shows. */
  readonly etag: string | null;
}

/**
 * The API as a signed-in person's browser would call it: every page shows what the API answers to its session,
 * and every form changes what the API would let that session change.
 */
export class ConsoleApi {
  readonly #deps: Deps;
  readonly #request: Request;
  readonly #moment: Moment;

  constructor(deps: Deps, request: Request, moment: Moment) {
    this.#deps = deps;
    this.#request = request;
    this.#moment = moment;
  }

  get<Name extends AnswerName>(
    _name: Name,
    path: string,
  ): Promise<Result<ConsoleAnswer<AnswerBody<Name>>, Refusal>> {
    return this.#ask("GET", path);
  }

  post<Name extends AnswerName>(
    _name: Name,
    path: string,
    body?: object,
  ): Promise<Result<ConsoleAnswer<AnswerBody<Name>>, Refusal>> {
    return this.#ask("POST", path, body);
  }

  /** @param etag what the person saw; another one's change in between is told to them (412) */
  patch<Name extends AnswerName>(
    _name: Name,
    path: string,
    body: object,
    etag: string | null = null,
  ): Promise<Result<ConsoleAnswer<AnswerBody<Name>>, Refusal>> {
    return this.#ask("PATCH", path, body, etag);
  }

  delete<Name extends AnswerName>(
    _name: Name,
    path: string,
  ): Promise<Result<ConsoleAnswer<AnswerBody<Name>>, Refusal>> {
    return this.#ask("DELETE", path);
  }

  /** A file that the API sends; whoever does not read it to its end cancels it. */
  async open(path: string): Promise<Result<ReadableStream<Uint8Array>, Refusal>> {
    const answer = await this.#send("GET", path, undefined, null);
    if (!answer.ok) return answer;
    return answer.value.stream === undefined ? err({ kind: "unknown_path" }) : ok(answer.value.stream);
  }

  async #ask<Body>(
    method: string,
    path: string,
    body?: object,
    etag: string | null = null,
  ): Promise<Result<ConsoleAnswer<Body>, Refusal>> {
    const answer = await this.#send(method, path, body, etag);
    if (!answer.ok) return answer;
    return ok({ body: answer.value.body as Body, etag: answer.value.headers?.["ETag"] ?? null });
  }

  async #send(
    method: string,
    path: string,
    body: object | undefined,
    etag: string | null,
  ): Promise<Result<Answer, Refusal>> {
    const { headers: from, url } = this.#request;
    const headers = new Headers({ "Sec-Fetch-Site": "same-origin" });
    for (const name of ["Cookie", "CF-Connecting-IP", "Accept-Language", "User-Agent"]) {
      const value = from.get(name);
      if (value !== null) headers.set(name, value);
    }
    if (body !== undefined) headers.set("Content-Type", "application/json");
    if (etag !== null) headers.set("If-Match", etag);
    const request = new Request(new URL(path, url), {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return askApi({ deps: this.#deps, request, moment: this.#moment }).catch(unavailable);
  }
}

/** What does not answer at the moment is told on the page, beside what was typed. */
function unavailable(error: unknown): Result<never, Refusal> {
  const retryAfterSeconds = retryAfterSecondsOf(error);
  if (retryAfterSeconds === null) throw error;
  return err({ kind: "unavailable", retryAfterSeconds });
}
