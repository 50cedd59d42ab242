/** Something that was ended for good, as the journal names it. */
export interface JournalledEnd {
  readonly kind: "access_token" | "service" | "team_credentials" | "user_credentials" | "member" | "session";
  /** Of a member: the team's id and the user's, with a colon between. */
  readonly id: string;
  /** Milliseconds. */
  readonly at: number;
}

export interface JournalEntry extends JournalledEnd {
  /** From 1, growing by one. */
  readonly seq: number;
}

export interface JournalPage {
  readonly entries: readonly JournalEntry[];
  /** Whether there are no more after these. */
  readonly complete: boolean;
}

export const JOURNAL_PAGE_ENTRIES = 500;
