import { guard } from "jeton/guard";
import type { AppEnv } from "./env.ts";

/**
 * `needs("EMM.Groups.VIEW")` before a handler is all that protects a route. The team in the path is the one
 * whose data is asked for, so that behind it `c.get("token").team` is that team and may stand in a query.
 */
export const needs = guard<AppEnv>({
  authority: (c) => c.env.JETON,
  team: (c) => c.req.param("team"),
  onUnavailable: (cause) =>
    console.error("Jeton cannot be asked:", cause instanceof Error ? cause.message : "unknown"),
});
