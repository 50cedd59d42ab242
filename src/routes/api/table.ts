import { accessTokenRoutes } from "./access-tokens.ts";
import { catalogueRoutes } from "./catalogues.ts";
import { checkRoutes } from "./check.ts";
import { errorRoutes } from "./errors.ts";
import { forwardAuthRoutes } from "./forward-auth.ts";
import { healthRoutes } from "./health.ts";
import type { Route } from "./route.ts";
import { serviceRoutes } from "./services.ts";
import { teamRoutes } from "./teams.ts";

/** Every endpoint of the JSON API. */
export const apiRoutes: readonly Route[] = [
  ...checkRoutes,
  ...forwardAuthRoutes,
  ...teamRoutes,
  ...accessTokenRoutes,
  ...serviceRoutes,
  ...catalogueRoutes,
  ...errorRoutes,
  ...healthRoutes,
];
