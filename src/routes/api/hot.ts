import { checkRoutes } from "./check.ts";
import { forwardAuthRoutes } from "./forward-auth.ts";
import { healthRoutes } from "./health.ts";
import type { Route } from "./route.ts";

/** What is asked all the time: the check in its forms, and whether the region serves. */
export const hotRoutes: readonly Route[] = [...checkRoutes, ...forwardAuthRoutes, ...healthRoutes];
