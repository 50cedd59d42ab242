import type { Send } from "../resolve-txt.ts";
import { readExcerpt } from "./read-excerpt.ts";
import { retryAfterMs } from "./retry-after.ts";

/*
 * Sends one message to an address that somebody stored here. It gets a way to send and the message, and nothing
 * else: no store, no settings, no binding.
 */

/** How long a receiver may take to answer (contract, section 8). */
const ANSWER_MS = 15_000;

/** `refused_address` and `timeout` and so on are what people read in the history. */
export type DeliveryError = "timeout" | "connection_failed" | "redirect" | "refused_address" | "bad_status";

export interface Outcome {
  /** Null: no answer came. */
  readonly statusCode: number | null;
  /** Null: it was delivered. */
  readonly error: DeliveryError | null;
  readonly durationMs: number;
  readonly excerpt: string | null;
  /** How long the receiver asks us to wait; null: it does not. */
  readonly askedMs: number | null;
}

export interface Message {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The way out, and the clock to measure it by. */
export interface Sender {
  readonly send: Send;
  readonly clock: () => number;
}

/**
 * Sends a message. Whatever goes wrong is an outcome: nothing is thrown.
 * @param answerMs how long the receiver may take until its status and headers are there
 */
export async function sendMessage(
  { send, clock }: Sender,
  { url, headers, body }: Message,
  answerMs: number = ANSWER_MS,
): Promise<Outcome> {
  const startedAt = clock();
  const signal = AbortSignal.timeout(answerMs);
  try {
    // Manual: a redirect would be one to an address that nobody has looked at.
    const request = new Request(url, { method: "POST", headers, body, redirect: "manual", signal });
    const response = await unlessAborted(send(request), signal);
    const answered = { ...judge(response), durationMs: clock() - startedAt };
    const askedMs = retryAfterMs(response.headers.get("Retry-After"), clock());
    return { ...answered, askedMs, excerpt: await readExcerpt(response) };
  } catch {
    const error = signal.aborted ? "timeout" : "connection_failed";
    return { statusCode: null, error, durationMs: clock() - startedAt, excerpt: null, askedMs: null };
  }
}

/** What is sent nowhere, because its address may not be called (any more). */
export const REFUSED_ADDRESS: Outcome = {
  statusCode: null,
  error: "refused_address",
  durationMs: 0,
  excerpt: null,
  askedMs: null,
};

function judge({ ok, status }: Response): Pick<Outcome, "statusCode" | "error"> {
  if (ok) return { statusCode: status, error: null };
  return { statusCode: status, error: status >= 300 && status < 400 ? "redirect" : "bad_status" };
}

/** Ends with the signal even where what it was given to does not. */
async function unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(new Error("too late"));
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
