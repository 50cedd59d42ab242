import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { claimRequest } from "../../operations/remember-answer.ts";
import type { Answer, Call, Handler } from "./route.ts";

const KEY = /^[\x20-\x7e]{1,255}$/;

/**
 * Answers a request with an `Idempotency-Key` (contract, section 5): the first one runs, and what it
 * answered is kept in the same batch as what it made; the next ones get that again, without its secret.
 * @param request who asks, by which key, and the body as it was sent
 */
export async function answerOnce<Body>(
  call: Call<Body>,
  request: { readonly caller: string; readonly key: string; readonly body: string },
  handle: Handler<Body>,
): Promise<Result<Answer, Refusal>> {
  if (!KEY.test(request.key)) return err({ kind: "bad_header", header: "Idempotency-Key" });
  const { method, url } = call.request;
  const claim = await claimRequest(call.deps, { ...request, method, path: new URL(url).pathname });
  if (!claim.ok) return claim;
  if ("answer" in claim.value) {
    const { status, answer } = claim.value;
    return ok({ status, body: { ...(answer as object), replayed: true } });
  }
  const { keep, release } = claim.value;
  const kept: Call<Body> = {
    ...call,
    keepAnswer: (status, answer) => (made) => [keep(status, answer(made))],
  };
  let answer: Result<Answer, Refusal> | undefined;
  try {
    answer = await handle(kept);
    return answer;
  } finally {
    // Refused or failed: nothing was made, unless a lost connection hid a commit; then the answer is kept.
    if (!answer?.ok) await release();
  }
}
