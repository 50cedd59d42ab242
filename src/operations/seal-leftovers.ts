import { listUnsealedChains } from "../store/audit-events.ts";
import type { Deps } from "./deps.ts";
import { sealAuditChain } from "./seal-audit-chain.ts";

/** An invocation has 1,000 queries (facts: platform, "D1"), and a round takes three. */
const MAX_ROUNDS = 60;
const MAX_CHAINS = 100;

/** Seals what was left unsealed: each chain one round, so that none waits for a busy one, then all again. */
export async function sealLeftovers(deps: Pick<Deps, "db">): Promise<void> {
  let rounds = 0;
  let chains = await listUnsealedChains(deps.db, MAX_CHAINS);
  while (chains.length > 0 && rounds < MAX_ROUNDS) {
    const unfinished: (string | null)[] = [];
    for (const teamId of chains.slice(0, MAX_ROUNDS - rounds)) {
      rounds += 1;
      if (!(await sealAuditChain(deps, teamId, { maxRounds: 1 }))) unfinished.push(teamId);
    }
    chains = unfinished;
  }
}
