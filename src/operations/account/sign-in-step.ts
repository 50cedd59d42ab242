import { createHash } from "node:crypto";
import { randomBase62 } from "../../domain/base62.ts";
import type { Statement } from "../../store/database.ts";
import { insertStep, type SignInStepRow } from "../../store/sign-in-steps.ts";
import { cookieHash } from "../cookie-hash.ts";
import type { Deps } from "../deps.ts";
import { refuseStranger } from "../open-session.ts";

/** Long enough to find one's phone. */
export const STEP_SECONDS = 300;

const SECRET_LENGTH = 43;

/** A step that a browser has to go on with, and the writes that keep it. */
export function newStep(
  deps: Deps,
  { kind, userId }: Pick<SignInStepRow, "kind" | "userId">,
): { readonly secret: string; readonly statements: readonly Statement[] } {
  const secret = randomBase62(SECRET_LENGTH, deps.randomBytes);
  const now = deps.clock();
  const expiresAt = now + STEP_SECONDS * 1000;
  const row = { hash: cookieHash(deps, secret), kind, userId, tries: 0, expiresAt };
  const known = userId === null ? [] : refuseStranger(deps, userId);
  return { secret, statements: [...known, ...insertStep(deps.db, row, now)] };
}

/**
 * A passkey's challenge, in base64url: made of what the browser keeps, so that an answer to it comes from that
 * browser; and it goes with the step, so that it is answered once.
 */
export function challengeOf(secret: string): string {
  return createHash("sha256").update(`passkey challenge ${secret}`).digest("base64url");
}
