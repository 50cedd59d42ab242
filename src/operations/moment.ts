/** The request in which an operation runs, as far as the operation may know it. */
export interface Moment {
  /** Milliseconds; the clock when the request arrived. */
  readonly arrivedAt: number;
  /** Lets work go on after the answer; the platform keeps the isolate for it. */
  background(work: Promise<unknown>): void;
}
