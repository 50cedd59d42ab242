/** Something that was ended or taken away for good, as the journal names it. */
export interface JournalledEnd {
  readonly kind: EndKind | StateKind;
  /** Of a member: the team's id and the user's, with a colon between. Of a consent and a state: see below. */
  readonly id: string;
  /** Milliseconds. */
  readonly at: number;
}

/** What an entry ends by its id alone, or as it was at that time. */
export type EndKind =
  | "access_token"
  | "service"
  | "team_credentials"
  | "user_credentials"
  | "member"
  | "session"
  | "client"
  /** With the sessions that it let in. */
  | "sso_connection"
  /** By its hash; ends at the time of the entry, which may lie ahead. */
  | "client_secret"
  | "grant"
  /** By the person's id: a password that was set before that time. */
  | "password"
  | "passkey"
  /** By its hash. */
  | "recovery_code"
  /** What a person allowed a client in a team: the ids of the three in this order, with colons between. */
  | "consent"
  /** Ends nothing: it was written at that time, and a database that does not know it is an earlier one. */
  | "time";

/**
 * What an entry puts into a state: whoever was demoted must not be what they were, nor an invitation come
 * back. A state has the version that its row then had: of two, the higher one holds, in whatever order they
 * came, and a row that is already further is left alone.
 */
export type StateKind =
  | "invitation"
  | "member_role"
  | "role_permissions"
  | "team_status"
  /** The region in which a team lives, empty: this one. */
  | "team_place";

export interface JournalledState {
  readonly id: string;
  readonly version: number;
  /** What the row then held; empty for an invitation, which is gone. */
  readonly value: string;
}

export interface JournalEntry extends JournalledEnd {
  /** From 1, growing by one. */
  readonly seq: number;
}

export interface JournalPage {
  readonly entries: readonly JournalEntry[];
  /** The highest mark that a database is known to have had. */
  readonly known: number;
  /** Whether there are no more after these. */
  readonly complete: boolean;
}

export const JOURNAL_PAGE_ENTRIES = 500;

/** A state as the `id` of its entry. */
export function stateId({ id, version, value }: JournalledState): string {
  return `${id}:${version}:${value}`;
}

/** The last state of each thing that entries of a kind name. */
export function lastStates(entries: readonly JournalledEnd[], kind: StateKind): JournalledState[] {
  const last = new Map<string, JournalledState>();
  for (const entry of entries) {
    const [, id, version, value] = /^([^:]+):(\d+):(.*)$/s.exec(entry.kind === kind ? entry.id : "") ?? [];
    if (id === undefined || version === undefined || value === undefined) continue;
    const state = { id, version: Number(version), value };
    if (state.version > (last.get(id)?.version ?? 0)) last.set(id, state);
  }
  return [...last.values()];
}
