/** The store could not answer in time. Thrown, because any operation can meet it; answered with 503. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
  readonly retryAfterSeconds = 1;
}
