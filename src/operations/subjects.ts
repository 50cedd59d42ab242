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
};
