import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import worker from "../../../src/index.ts";

/** The scheduled job, as the platform would start it. */
export async function fireJobs(): Promise<void> {
  await worker.scheduled(createScheduledController(), env);
}
