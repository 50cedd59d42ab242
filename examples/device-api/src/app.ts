import { Hono } from "hono";
import { commands } from "./commands.ts";
import { devices } from "./devices.ts";
import { enrolmentTokens } from "./enrolment-tokens.ts";
import type { AppEnv } from "./env.ts";
import { groups } from "./groups.ts";
import { inventory } from "./inventory.ts";
import { policies } from "./policies.ts";
import { possession } from "./possession.ts";
import { Problem, problemResponse } from "./problem.ts";

export const app = new Hono<AppEnv>()
  .route("/teams/:team/inventory", inventory)
  .route("/teams/:team/devices", devices)
  .route("/teams/:team/devices/:id/possession", possession)
  .route("/teams/:team/devices/:id/commands", commands)
  .route("/teams/:team/groups", groups)
  .route("/teams/:team/policies", policies)
  .route("/teams/:team/enrolment-tokens", enrolmentTokens);

for (const [path, methods] of Map.groupBy(app.routes, (route) => route.path)) {
  const allow = [...new Set(methods.map(({ method }) => method))].sort().join(", ");
  const problem = new Problem("COM0001", `This path takes: ${allow}.`);
  app.all(path, () => problemResponse(problem, { Allow: allow }));
}

app.notFound(() => problemResponse(new Problem("COM0008", "There is nothing at this path.")));

app.onError((error) => {
  if (error instanceof Problem) return problemResponse(error);
  console.error(error);
  return problemResponse(new Problem("COM0004", "Something went wrong on our side. Try again in a moment."));
});
