import type { RegionCode } from "../../domain/region.ts";
import { ok } from "../../domain/result.ts";
import { route, type Route } from "./route.ts";

export const openapiRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/openapi.json",
    summary: "This API as an OpenAPI 3.1 document.",
    access: { kind: "anyone" },
    answers: { status: 200, body: "OpenApi" },
    handle: async ({ deps }) => {
      // Not before somebody asks: a cold start need not wait for it, and it can be generated when it is missing.
      const { default: document } = await import("../../../openapi.json", { with: { type: "json" } });
      const servers = document.servers.map((server) => ({
        ...server,
        url: deps.origins[server["x-region"] as RegionCode],
      }));
      return ok({ status: 200, body: { ...document, servers } });
    },
  }),
];
