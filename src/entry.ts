import { WorkerEntrypoint } from "cloudflare:workers";
import type { App } from "./app.ts";
import type { Env } from "./bindings.ts";
import type { TurnMessage } from "./domain/webhook-event.ts";
import { answerCheck, type AuthorityProps } from "./routes/rpc.ts";
import { depsOf } from "./wiring.ts";

export { Journal } from "./objects/journal.ts";
export { Limiter } from "./objects/limiter.ts";

/** For service bindings: the check as a typed call, without HTTP between. */
export class Authority extends WorkerEntrypoint<Env, AuthorityProps> {
  check(input: unknown, options: { readonly acceptLanguage?: string } = {}) {
    const deps = depsOf(this.env);
    const moment = {
      arrivedAt: deps.clock(),
      background: (work: Promise<unknown>) => this.ctx.waitUntil(work),
    };
    return answerCheck(deps, this.ctx.props, input, options.acceptLanguage, moment);
  }
}

/** What the platform calls. What no check needs is loaded by whoever is first to need it. */
export function handlersOf(app: App) {
  return {
    fetch: (request, env, context) => app.fetch(request, env, context),
    queue: async ({ messages }, env, context) => {
      const { takeTurns } = await import("./jobs/deliveries.ts");
      const background = (work: Promise<unknown>) => context.waitUntil(work);
      const turns = messages.map(({ body }) => body);
      takeTurns(depsOf(env), turns, { background });
    },
    scheduled: async (_controller, env) => {
      const { runScheduled } = await import("./jobs/scheduled.ts");
      await runScheduled(depsOf(env));
    },
  } satisfies ExportedHandler<Env, TurnMessage>;
}
