import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { findUser } from "../../store/users.ts";
import type { Deps } from "../deps.ts";
import { identifyTokenCaller, type Presented } from "../identify-caller.ts";
import type { Moment } from "../moment.ts";

/** For whom a token acts. */
export interface ShownUser {
  readonly id: string;
  /** Null: nobody vouched that it is theirs, and whoever signs people in by it must not be misled. */
  readonly email: string | null;
}

export async function showUser(
  deps: Deps,
  presented: Omit<Presented, "session">,
  moment: Moment,
): Promise<Result<ShownUser, Refusal>> {
  const identified = await identifyTokenCaller(deps, presented, moment);
  if (!identified.ok) return identified;
  const { userId } = identified.value.token;
  const user = userId === null ? undefined : await findUser(deps.db, userId);
  if (user === undefined) return err({ kind: "acts_for_nobody" });
  return ok({ id: user.id, email: user.emailVerifiedAt === null ? null : user.email });
}
