import { TeamSettled } from "../store/database.ts";

/** The store could not answer in time. Thrown, because any operation can meet it; answered with 503. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
  readonly retryAfterSeconds = 1;
}

/** In how many seconds to ask again, where a fault is none but that something has to be waited for; null: it is one. */
export function retryAfterSecondsOf(error: unknown): number | null {
  if (error instanceof Unavailable) return error.retryAfterSeconds;
  // Its move is over in a moment, and whoever asks again is told where the team is then.
  return error instanceof TeamSettled ? 5 : null;
}
