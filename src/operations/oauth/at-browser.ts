/** Who is at the browser. */
export interface AtBrowser {
  /** The session's cookie, null: none. */
  readonly cookie: string | null;
  readonly ip: string | null;
}
