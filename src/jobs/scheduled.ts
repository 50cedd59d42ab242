import type { Deps } from "../operations/deps.ts";
import { forgetAnswers } from "../operations/remember-answer.ts";
import { trimFeed } from "../operations/trim-feed.ts";

/** What has to be done now and then. */
export async function runScheduled(deps: Deps): Promise<void> {
  await trimFeed(deps);
  await forgetAnswers(deps);
}
