import { ok } from "../../domain/result.ts";
import { VERSION } from "../../version.ts";
import { route, type Route } from "./route.ts";

export const healthRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/healthz",
    summary: "Whether this region serves.",
    access: { kind: "anyone" },
    answers: { status: 200, body: "Health" },
    handle: async ({ deps }) =>
      ok({ status: 200, body: { status: "ok", region: deps.region, version: VERSION } }),
  }),
];
