import type { Holder } from "../domain/permission.ts";
import type { Refusal } from "../domain/refusal.ts";
import { ok, type Result } from "../domain/result.ts";
import { holderOf } from "./caller.ts";
import type { Deps } from "./deps.ts";
import { identifySession } from "./identify-session.ts";
import type { Moment } from "./moment.ts";

/**
 * What a session's person holds in a team, so that pages offer only what will not be refused; what they ask for
 * is tested anew by whatever does it. Leaves no denial in the audit trail: nobody was denied anything.
 */
export async function showHold(
  deps: Deps,
  cookie: string,
  team: string,
  moment: Moment,
): Promise<Result<Holder, Refusal>> {
  const caller = await identifySession(deps, cookie, { team, permission: null }, moment);
  return caller.ok ? ok(holderOf(caller.value)) : caller;
}
