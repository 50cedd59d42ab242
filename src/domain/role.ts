/** The role of those to whom a team belongs: they hold everything, also what catalogues will gain later. */
export const OWNER_ROLE = "owner";

/** A team's own role must not be taken for the built-in one, in whatever case and between whatever spaces. */
export function isReservedRoleName(name: string): boolean {
  return name.trim().toLowerCase() === OWNER_ROLE;
}
