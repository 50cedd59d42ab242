/** The change feed's subjects: one writing of each, for those who announce and those who listen. */
export const subjects = {
  token: (id: string): string => `token:${id}`,
  team: (id: string): string => `team:${id}`,
  /** A person's place in a team. */
  member: (teamId: string, userId: string): string => `member:${teamId}:${userId}`,
  role: (id: string): string => `role:${id}`,
  /** What a client was allowed to do, and all that came of it. */
  grant: (id: string): string => `grant:${id}`,
  client: (id: string): string => `client:${id}`,
  service: (id: string): string => `service:${id}`,
  /** All catalogues together: they change rarely and are cached as one index. */
  catalogues: (): string => "catalogues",
  /** All proven domains together, with what is shown of their teams: they change rarely too. */
  domains: (): string => "domains",
  /** All imported keys together: only that there are more of them is ever announced here. */
  importedKeys: (): string => "imported-keys",
};
