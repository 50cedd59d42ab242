import type { Maker } from "../domain/stale-token.ts";
import { listMemberships, listTokenMakers } from "../store/report-data.ts";
import type { Database } from "../store/database.ts";
import { holderOfMembership } from "./held-permissions.ts";

/** Tokens that made tokens that made tokens: beyond so many the beginning is taken for gone. */
const MAX_GENERATIONS = 20;

const OPERATOR = "operator";

/** Follows `created_by` back to people and the operator, a generation of tokens at a time. */
export async function readMakers(
  db: Database,
  teamId: string,
  createdBy: readonly string[],
): Promise<(id: string) => Maker> {
  const tokens = new Map<string, { createdBy: string; revokedAt: number | null }>();
  let unknown = createdBy.filter(isToken);
  for (let generation = 0; unknown.length > 0 && generation < MAX_GENERATIONS; generation += 1) {
    const found = await listTokenMakers(db, { teamId, ids: unknown });
    for (const { id, ...token } of found) tokens.set(id, token);
    unknown = found.map((token) => token.createdBy).filter((id) => isToken(id) && !tokens.has(id));
  }
  const people = [...createdBy, ...[...tokens.values()].map((token) => token.createdBy)];
  const userIds = [...new Set(people.filter((id) => id !== OPERATOR && !isToken(id)))];
  const memberships = await listMemberships(db, { teamId, userIds });
  const holders = new Map(
    memberships.map((membership) => [membership.userId, holderOfMembership(membership)]),
  );

  const makerOf = (id: string): Maker => {
    if (id === OPERATOR) return { kind: "operator" };
    const token = tokens.get(id);
    if (token !== undefined) {
      return { kind: "token", revoked: token.revokedAt !== null, maker: makerOf(token.createdBy) };
    }
    const holder = holders.get(id);
    return holder === undefined ? { kind: "removed" } : { kind: "member", holder };
  };
  return makerOf;
}

function isToken(id: string): boolean {
  return id.startsWith("tok_");
}
