import { Unavailable } from "./unavailable.ts";

/** A delay that can be called off, so that no timer outlives what it guards. */
export interface Timer {
  readonly done: Promise<void>;
  cancel(): void;
}

/** Starts a timer of so many milliseconds; given as an argument so that tests drive time. */
export type StartTimer = (milliseconds: number) => Timer;

/**
 * How long a request waits for a read that another one started. The platform cancels a read together
 * with the request that owns it, and then nobody would ever be told (facts: platform, "Workers").
 */
export const SHARED_READ_WAIT_MS = 250;

/** How long a request waits for its own read before it answers 503. */
export const OWN_READ_WAIT_MS = 5_000;

/** Waits for somebody else's read; how it ended, or that it did not, is for the caller to look up. */
export async function awaitShared(read: Promise<unknown>, startTimer: StartTimer): Promise<void> {
  const timer = startTimer(SHARED_READ_WAIT_MS);
  await Promise.race([read.then(ignore, ignore), timer.done]);
  timer.cancel();
}

/** @throws {Unavailable} when the read fails or does not end in time. */
export async function awaitOwn<T>(read: Promise<T>, startTimer: StartTimer): Promise<T> {
  const timer = startTimer(OWN_READ_WAIT_MS);
  const late = timer.done.then((): never => {
    throw new Unavailable("the store did not answer in time");
  });
  try {
    return await Promise.race([read, late]);
  } catch (error) {
    throw error instanceof Unavailable
      ? error
      : new Unavailable("the store could not be read", { cause: error });
  } finally {
    timer.cancel();
  }
}

function ignore(): void {}
