import type { Context, Env, MiddlewareHandler } from "hono";
import type { Authority, CheckAnswer, CheckedToken } from "./authority.ts";
import { authorize, type AuthorizeOptions } from "./authorize.ts";

/** What the guard puts on the context: `c.get("token")`, `c.get("verdict")`. */
export interface GuardVariables {
  readonly token: CheckedToken;
  readonly verdict: CheckAnswer;
}

export interface GuardOptions<E extends Env> extends Pick<AuthorizeOptions, "ip" | "url" | "onUnavailable"> {
  /** From the context's bindings: a service binding to `Authority`, or `httpAuthority(…)`. */
  readonly authority: (context: Context<E>) => Authority;
  /**
   * Required: whose data the request asks for, or `"any"`. Undefined, as of a path parameter that the route
   * lacks, is a mistake and thrown; where callers may leave it out, give `""`, which is nobody's team.
   */
  readonly team: "any" | ((context: Context<E>) => string | undefined | Promise<string>);
  /** Permits of the token's rate limit that a request uses, 1 unless told otherwise. */
  readonly cost?: (context: Context<E>) => number;
}

/**
 * Hono middleware that lets a request through only with a token that may do this. Set it up once and
 * name the permissions at each route:
 *
 * ```ts
 * const needs = guard<{ Bindings: Env }>({ authority: (c) => c.env.JETON, team: (c) => c.req.param("team") });
 * app.post("/teams/:team/devices/:id/lock", needs("EMM.DeviceCommands.LOCK"), (c) => c.json(c.get("token")));
 * ```
 *
 * @throws {Error} in the middleware, as `authorize` does: mistakes in the configuration meet `onError`.
 */
export function guard<E extends Env>(options: GuardOptions<E>) {
  const { authority, team, cost, ...same } = options;
  return (...permissions: string[]): MiddlewareHandler<E & { Variables: GuardVariables }> =>
    async (context, next) => {
      const plain = context as unknown as Context<E>;
      const authorization = await authorize(context.req.raw, {
        ...same,
        authority: authority(plain),
        // `authorize` throws when it is undefined.
        team: team === "any" ? team : () => team(plain) as string | Promise<string>,
        permissions,
        ...(cost === undefined ? {} : { cost: cost(plain) }),
      });
      if (!authorization.allowed) return authorization.response;
      context.set("token", authorization.token);
      context.set("verdict", authorization.answer);
      await next();
      for (const [name, value] of Object.entries(authorization.headers)) context.header(name, value);
      return undefined;
    };
}
