import type { TurnMessage } from "../domain/webhook-event.ts";
import type { Deps } from "../operations/deps.ts";
import type { Moment } from "../operations/moment.ts";
import { deliverDue } from "../operations/webhooks/deliver-due.ts";

/**
 * Gives endpoints their turns, each in the background: the queue hands on the next message at once, so that a slow
 * endpoint delays no other. What a turn that breaks off leaves is still due, and the scheduled job comes by.
 */
export function takeTurns(
  deps: Deps,
  messages: readonly TurnMessage[],
  { background }: Pick<Moment, "background">,
): void {
  for (const { webhook } of messages) background(deliverDue(deps, webhook));
}
