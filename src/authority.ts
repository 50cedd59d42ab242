import { WorkerEntrypoint } from "cloudflare:workers";
import type { Env } from "./bindings.ts";
import { answerCheck, type AuthorityProps } from "./routes/rpc.ts";
import { depsOf } from "./wiring.ts";

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
