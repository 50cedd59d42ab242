import type { RegionCode } from "../../domain/region.ts";
import { ok } from "../../domain/result.ts";
import { Unavailable } from "../../operations/unavailable.ts";
import { route, type Route } from "./route.ts";

/** `assets/openapi.json`, as far as it is looked into here. */
interface Document {
  readonly servers: readonly { readonly "x-region": RegionCode }[];
}

export const openapiRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/openapi.json",
    summary: "This API as an OpenAPI 3.1 document.",
    access: { kind: "anyone" },
    answers: { status: 200, body: "OpenApi" },
    handle: async ({ deps }) => {
      const document = await deps.assets.read("/openapi.json", (json) => json as Document);
      if (document === null) throw new Unavailable("the OpenAPI document is not there");
      const servers = document.servers.map((server) => ({
        ...server,
        url: deps.origins[server["x-region"]],
      }));
      return ok({ status: 200, body: { ...document, servers } });
    },
  }),
];
