import type * as v from "valibot";
import type { Refusal } from "../../domain/refusal.ts";
import type { Result } from "../../domain/result.ts";
import type { Caller } from "../../operations/caller.ts";
import type { Actor } from "../../operations/change.ts";
import type { Deps } from "../../operations/deps.ts";
import type { KeyedService } from "../../operations/identify-caller.ts";
import type { Moment } from "../../operations/moment.ts";
import type { Keep } from "../../operations/remember-answer.ts";
import type { ANSWER_SCHEMAS } from "./answer-schemas.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Who may call a route. */
export type Access =
  | { readonly kind: "anyone" }
  | { readonly kind: "operator" }
  | { readonly kind: "service" }
  /** The operator, or a credential of the `{team}` in the path that holds the permission. */
  | { readonly kind: "team"; readonly permission: string };

/** An answer before it is JSON on the wire. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** The body is a text that is JSON already. */
  readonly written?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is, in the place of the body; the headers say what it is. */
  readonly stream?: ReadableStream<Uint8Array>;
}

/** A request as a handler sees it: identified, authorized and, where there is a body, validated. */
export interface Call<Body = undefined> {
  readonly deps: Deps;
  readonly request: Request;
  readonly moment: Moment;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Body;
  /** For routes whose access is `operator` or `team`. */
  readonly actor: Actor;
  readonly caller: Caller;
  /** For routes whose access is `service`. */
  readonly service: KeyedService;
  /** What the operation's batch adds to keep this answer for a repeated `Idempotency-Key`. */
  keepAnswer<T>(status: number, answerWithoutSecret: (made: T) => object): Keep<T>;
}

export type Handler<Body> = (call: Call<Body>) => Promise<Result<Answer, Refusal>>;

/** What a route answers when all is well, for the OpenAPI document; `body` names a schema there. */
export interface Answers {
  readonly status: number;
  readonly body: keyof typeof ANSWER_SCHEMAS;
}

/** One endpoint, as data: the app serves it, the OpenAPI document describes it, the tests enumerate it. */
export interface Route {
  readonly method: Method;
  /** Answers every other method as well: it is somebody else's, passed on. */
  readonly anyMethod?: boolean;
  /** OpenAPI writing: `/v1/teams/{team}`. */
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  readonly body?: v.GenericSchema;
  /** What `body` gives for a usual value, without going through the schema; null: the schema decides. */
  readonly plainBody?: (value: unknown) => unknown;
  /** Of a route that reads its body itself, for the OpenAPI document. */
  readonly ownBody?: v.GenericSchema;
  /** The media type of the body; JSON when left out. */
  readonly consumes?: string;
  /** Query parameters by name, with what they mean. */
  readonly query?: Readonly<Record<string, string>>;
  /** Answers whatever `Accept` says: it is somebody else's header, passed on. */
  readonly anyAccept?: boolean;
  /** The media types that it answers in; JSON alone when left out. */
  readonly produces?: readonly string[];
  /** Takes an `Idempotency-Key`. */
  readonly idempotent?: boolean;
  readonly answers: Answers;
  /** Statuses of refusals beyond those that its method and access bring anyway, for the OpenAPI document. */
  readonly refuses?: readonly (401 | 403 | 404 | 409 | 412 | 413 | 429)[];
  readonly handle: Handler<never>;
}

/** Ties a handler to the schema of its body; the table then forgets the type. */
export function route<S extends v.GenericSchema | undefined = undefined>(
  definition: Omit<Route, "body" | "handle"> & {
    readonly body?: S;
    readonly handle: Handler<S extends v.GenericSchema ? v.InferOutput<S> : undefined>;
  },
): Route {
  return definition as Route;
}

export const TEAM_PARAMETER = "team";
