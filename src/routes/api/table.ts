import { accessTokenRoutes } from "./access-tokens.ts";
import { auditEventRoutes } from "./audit-events.ts";
import { billingRoutes } from "./billing.ts";
import { catalogueRoutes } from "./catalogues.ts";
import { clientRoutes } from "./clients.ts";
import { domainRoutes } from "./domains.ts";
import { errorRoutes } from "./errors.ts";
import { hotRoutes } from "./hot.ts";
import { importedKeyRoutes } from "./imported-keys.ts";
import { leakRoutes } from "./leaks.ts";
import { memberRoutes } from "./members.ts";
import { moveStepRoutes } from "./move-steps.ts";
import { moveRoutes } from "./moves.ts";
import { openapiRoutes } from "./openapi.ts";
import { operatorRoutes } from "./operator.ts";
import { regionRoutes } from "./regions.ts";
import { reportRoutes } from "./reports.ts";
import { roleRoutes } from "./roles.ts";
import type { Route } from "./route.ts";
import { securityRoutes } from "./security.ts";
import { serviceRoutes } from "./services.ts";
import { ssoConnectionRoutes } from "./sso-connections.ts";
import { teamRoutes } from "./teams.ts";
import { webhookDeliveryRoutes } from "./webhook-deliveries.ts";
import { webhookRoutes } from "./webhooks.ts";

/** What people, scripts and other regions call. */
export const otherRoutes: readonly Route[] = [
  ...teamRoutes,
  ...securityRoutes,
  ...ssoConnectionRoutes,
  ...domainRoutes,
  ...billingRoutes,
  ...roleRoutes,
  ...memberRoutes,
  ...accessTokenRoutes,
  ...importedKeyRoutes,
  ...leakRoutes,
  ...clientRoutes,
  ...regionRoutes,
  ...moveRoutes,
  ...moveStepRoutes,
  ...webhookRoutes,
  ...webhookDeliveryRoutes,
  ...auditEventRoutes,
  ...reportRoutes,
  ...operatorRoutes,
  ...serviceRoutes,
  ...catalogueRoutes,
  ...errorRoutes,
  ...openapiRoutes,
];

/** Every endpoint of the JSON API. */
export const apiRoutes: readonly Route[] = [...hotRoutes, ...otherRoutes];
