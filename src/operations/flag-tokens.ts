import { stalenessByMaker, type StaleReason } from "../domain/stale-token.ts";
import type { Deps } from "./deps.ts";
import { readMakers } from "./token-makers.ts";

interface MadeToken {
  readonly id: string;
  readonly createdBy: string;
  readonly permissions: readonly string[];
}

/**
 * Which of a team's tokens have outlived what their maker holds, and why (contract, section 5). Who may ask is for
 * the caller to have tested: `EMM.AccessTokens.VIEW`, as for the tokens themselves.
 */
export async function flagTokens(
  { db }: Pick<Deps, "db">,
  teamId: string,
  tokens: readonly MadeToken[],
): Promise<ReadonlyMap<string, readonly StaleReason[]>> {
  const makerOf = await readMakers(db, teamId, [...new Set(tokens.map(({ createdBy }) => createdBy))]);
  return new Map(
    tokens.map(({ id, createdBy, permissions }) => [
      id,
      stalenessByMaker(permissions, makerOf(createdBy)).reasons,
    ]),
  );
}
