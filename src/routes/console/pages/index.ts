import type { PersonPage, TeamPage } from "../visit.ts";
import { addTokenPage } from "./add-token.tsx";
import { revokeTokenPage, tokensPage } from "./tokens.tsx";

/** Every page of a team; a new one is a file and a line here. */
export const teamPages: readonly TeamPage[] = [tokensPage, addTokenPage, revokeTokenPage];

/** Every page of a person. */
export const personPages: readonly PersonPage[] = [];
