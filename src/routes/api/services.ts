import * as v from "valibot";
import { ok } from "../../domain/result.ts";
import { createService } from "../../operations/create-service.ts";
import { deleteService } from "../../operations/delete-service.ts";
import type { KeyedService } from "../../operations/identify-caller.ts";
import { listServices } from "../../operations/list-services.ts";
import { rotateServiceKey } from "../../operations/rotate-service-key.ts";
import { nameSchema } from "./fields.ts";
import { PAGE_QUERY, presentPage, readPageRequest } from "./paging.ts";
import { isoTime } from "./present.ts";
import { route, type Route } from "./route.ts";

const MAX_OVERLAP_SECONDS = 30 * 86_400;

/** RFC 8707, section 2: an absolute URI without a fragment. */
const resourceSchema = v.pipe(
  v.string(),
  v.maxLength(500),
  v.check((text) => URL.canParse(text) && !text.includes("#")),
);

export const serviceRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/services",
    summary: "Register a service; this answer alone shows its key.",
    access: { kind: "operator" },
    body: v.strictObject({
      name: nameSchema,
      catalogues: v.optional(v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(100))),
      resource: v.optional(resourceSchema),
    }),
    answers: { status: 201, body: "CreatedService" },
    handle: async ({ deps, body, actor, moment }) => {
      const request = {
        name: body.name,
        catalogues: body.catalogues ?? null,
        resource: body.resource ?? null,
      };
      const created = await createService(deps, request, actor, moment);
      if (!created.ok) return created;
      const { service, key } = created.value;
      return ok({ status: 201, body: { service: presentService(service), key } });
    },
  }),
  route({
    method: "GET",
    path: "/v1/services",
    summary: "List the services, newest first.",
    access: { kind: "operator" },
    query: PAGE_QUERY,
    answers: { status: 200, body: "Services" },
    handle: async ({ deps, query }) => {
      const page = readPageRequest(query, "svc");
      if (!page.ok) return page;
      const listed = await listServices(deps, page.value);
      return ok({ status: 200, body: presentPage("services", listed, presentService) });
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/services/{id}",
    summary: "End a service and its keys.",
    access: { kind: "operator" },
    answers: { status: 200, body: "DeletedService" },
    handle: async ({ deps, params, actor }) => {
      const deleted = await deleteService(deps, params["id"] ?? "", actor);
      if (!deleted.ok) return deleted;
      const { service, effectiveBy } = deleted.value;
      return ok({
        status: 200,
        body: { service: presentService(service), effective_by: isoTime(effectiveBy) },
      });
    },
  }),
  route({
    method: "POST",
    path: "/v1/services/{id}/keys",
    summary: "Rotate a service's key; this answer alone shows the new one.",
    access: { kind: "operator" },
    body: v.strictObject({
      overlap_seconds: v.optional(
        v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(MAX_OVERLAP_SECONDS)),
        0,
      ),
    }),
    answers: { status: 201, body: "ServiceKey" },
    handle: async ({ deps, params, body, actor }) => {
      const rotated = await rotateServiceKey(deps, params["id"] ?? "", body.overlap_seconds, actor);
      if (!rotated.ok) return rotated;
      const { key, previousExpireAt } = rotated.value;
      return ok({ status: 201, body: { key, previous_expire_at: isoTime(previousExpireAt) } });
    },
  }),
];

function presentService(service: Omit<KeyedService, "keyExpiresAt">) {
  return {
    id: service.id,
    name: service.name,
    catalogues: service.catalogues,
    resource: service.resource,
    created_at: isoTime(service.createdAt),
  };
}
