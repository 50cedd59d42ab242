import type { App } from "./app.ts";
import type { Env } from "./bindings.ts";
import type { TurnMessage } from "./domain/webhook-event.ts";
import { takeTurns } from "./jobs/deliveries.ts";
import { runScheduled } from "./jobs/scheduled.ts";
import { depsOf } from "./wiring.ts";

/** What the platform calls. */
export function handlersOf(app: App): ExportedHandler<Env, TurnMessage> {
  return {
    fetch: (request, env, context) => app.fetch(request, env, context),
    queue: ({ messages }, env, context) => {
      const background = (work: Promise<unknown>) => context.waitUntil(work);
      const turns = messages.map(({ body }) => body);
      takeTurns(depsOf(env), turns, { background });
    },
    scheduled: async (_controller, env) => {
      await runScheduled(depsOf(env));
    },
  };
}
