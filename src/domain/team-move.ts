import { isMembers } from "./jws.ts";
import { isPublicId } from "./public-id.ts";

/*
 * The move of a team to another region. Each region keeps its own side of it; what makes one give the team up and
 * the other take it are statements that they sign, so that the team is never alive in both, whoever drives the move
 * and wherever it stops.
 */

/**
 * The side that the team leaves: `copying`, then `handed_over`, and in the end `confirmed`, `cancelled`, or `returned` by
 * another move. The other one: `receiving`, then `taken` or `declined`.
 */
export type MoveState =
  | "copying"
  | "handed_over"
  | "confirmed"
  | "cancelled"
  | "returned"
  | "receiving"
  | "taken"
  | "declined";

/** What moves, in the order in which it is written where it arrives. */
export const MOVED_KINDS = [
  "team",
  "roles",
  "members",
  "domains",
  "webhooks",
  "clients",
  "client_secrets",
  "grants",
  "consents",
  "refresh_tokens",
  "team_tokens",
  "access_tokens",
] as const;

export type MovedKind = (typeof MOVED_KINDS)[number];

/** A row on its way: a JSON array of its columns, which only a store reads. */
export interface MovedRow {
  readonly key: string;
  readonly row: string;
}

/** Rows of one kind with keys above `after`, and up to `until` unless that is null. */
export interface MovedRange {
  readonly kind: MovedKind;
  readonly after: string;
  readonly until: string | null;
}

/** How many rows of each kind there are, and what they are. */
export interface MoveDigest {
  readonly rows: Readonly<Record<MovedKind, number>>;
  /** SHA-256 in hex over every key and row, in the order of kinds and keys. */
  readonly sha256: string;
}

/** Tells a region's statement about a move from every other JWT that it signs (RFC 8725, section 3.11). */
export const MOVE_STATEMENT_TYPE = "team-move+jwt";

/** What a region can say of its side: each is true for good once it is. */
export type MoveStep = "handed_over" | "taken" | "declined";

export interface MoveStatement {
  readonly move: string;
  readonly team: string;
  readonly step: MoveStep;
  readonly startedAt: number;
  /** Of what was handed over or taken; null: declined. */
  readonly sha256: string | null;
  /** Of a team that was handed over: the earliest moment at which it may be alive elsewhere. Milliseconds. */
  readonly notBefore: number | null;
}

const STEPS: readonly string[] = ["handed_over", "taken", "declined"] satisfies MoveStep[];

export function isMovedKind(text: string): text is MovedKind {
  return (MOVED_KINDS as readonly string[]).includes(text);
}

/** The claims beside those of every JWT; read by `readMoveStatement`. */
export function moveClaims({ move, team, step, startedAt, sha256, notBefore }: MoveStatement): object {
  return { move: { id: move, team, step, started_at: startedAt, sha256, not_before: notBefore } };
}

/** Null when these are no claims of a statement. */
export function readMoveStatement(claims: Readonly<Record<string, unknown>>): MoveStatement | null {
  const { move: said } = claims;
  if (!isMembers(said)) return null;
  const { id, team, step, started_at: startedAt, sha256, not_before: notBefore } = said;
  const isSound =
    typeof id === "string" &&
    isPublicId("mov", id) &&
    typeof team === "string" &&
    isPublicId("team", team) &&
    typeof step === "string" &&
    isStep(step) &&
    isTime(startedAt) &&
    (sha256 === null || isHash(sha256)) &&
    (notBefore === null || isTime(notBefore));
  return isSound ? { move: id, team, step, startedAt, sha256, notBefore } : null;
}

export function isHash(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

function isStep(text: string): text is MoveStep {
  return STEPS.includes(text);
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
