/** What is asked, of whom, and what the answer must look like for it to count. */
export interface Target {
  readonly name: string;
  readonly url: string;
  /** Rendered requests, sent in turn, round and round. */
  readonly requests: readonly string[];
  readonly status: number;
  /** A text that the answer's body contains. */
  readonly contains: string;
}

export interface Burst {
  readonly target: string;
  /** Connections, each with one request under way at a time. */
  readonly connections: number;
  /** All of them together send no more than this; without it, each sends as soon as it was answered. */
  readonly perSecond?: number;
  /** The burst ends after so many requests, if not earlier. */
  readonly atMost?: number;
}

export interface Measured {
  readonly answers: number;
  readonly perSecond: number;
  /** Milliseconds from when the request was due, if it was late because the last answer was; else from when it was sent. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export type Order =
  | { readonly kind: "define"; readonly target: Target }
  | {
      readonly kind: "run";
      readonly id: number;
      readonly bursts: readonly Burst[];
      readonly milliseconds: number;
    };

export type Report =
  | { readonly id: number; readonly measured: readonly Measured[] }
  | { readonly id: number; readonly failure: string };
