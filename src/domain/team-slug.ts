/** The console is at `/console/{slug}/…`, and a person's own pages at `/console/me/…` (contract, section 11). */
const TAKEN: ReadonlySet<string> = new Set(["me"]);

/** Whether a slug would hide pages of the console's own: no team can have it. */
export function isTakenByConsole(slug: string): boolean {
  return TAKEN.has(slug);
}
