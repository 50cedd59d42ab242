/** The role of those to whom a team belongs: they hold everything, also what catalogues will gain later. */
export const OWNER_ROLE = "owner";
