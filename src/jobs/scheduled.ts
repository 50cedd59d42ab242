import type { Deps } from "../operations/deps.ts";
import { forgetInvitations, forgetReports, forgetSessions, forgetUsage } from "../operations/forget-old.ts";
import { eraseOldAnswers } from "../operations/oauth/erase-answers.ts";
import { forgetExpired } from "../operations/oauth/forget-expired.ts";
import { rotateSigningKey } from "../operations/oauth/signing-keys.ts";
import { markJournal } from "../operations/mark-journal.ts";
import { forgetAnswers } from "../operations/remember-answer.ts";
import { sendRegistrations } from "../operations/regions/send-registrations.ts";
import { continueReports } from "../operations/run-report.ts";
import { sealLeftovers } from "../operations/seal-leftovers.ts";
import { tellOfExpiring } from "../operations/tell-expiring.ts";
import { trimFeed } from "../operations/trim-feed.ts";
import { forgetUsedJwts } from "../operations/use-jwt.ts";
import { forgetDeliveries } from "../operations/webhooks/forget-deliveries.ts";
import { sweepDeliveries } from "../operations/webhooks/sweep-deliveries.ts";

const JOBS: readonly ((deps: Deps) => Promise<void>)[] = [
  trimFeed,
  markJournal,
  forgetAnswers,
  tellOfExpiring,
  // After what has events of its own.
  sweepDeliveries,
  sendRegistrations,
  sealLeftovers,
  continueReports,
  forgetUsage,
  forgetSessions,
  forgetReports,
  forgetDeliveries,
  forgetInvitations,
  eraseOldAnswers,
  forgetExpired,
  forgetUsedJwts,
  rotateSigningKey,
];

/**
 * What has to be done now and then, one after the other: together they keep within one invocation's queries.
 * @throws {AggregateError} of what went wrong, after all have had their turn
 */
export async function runScheduled(deps: Deps): Promise<void> {
  const errors: unknown[] = [];
  for (const job of JOBS) await job(deps).catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw new AggregateError(errors, "scheduled work failed");
}
