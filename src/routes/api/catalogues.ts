import * as v from "valibot";
import { ok } from "../../domain/result.ts";
import { putCatalogue } from "../../operations/put-catalogue.ts";
import { listCatalogues, showCatalogue } from "../../operations/read-catalogues.ts";
import { presentCatalogue } from "./present.ts";
import { route, type Route } from "./route.ts";

const MAX_RESOURCES = 100;
const MAX_OPERATIONS = 50;

const name = v.pipe(v.string(), v.maxLength(100));
const description = v.pipe(v.string(), v.minLength(1), v.maxLength(500));
const permissions = v.pipe(v.array(v.string()), v.maxLength(1000));

const operationSchema = v.strictObject({
  name,
  description,
  strict: v.optional(v.boolean(), false),
  requires: v.optional(permissions, []),
  implies: v.optional(permissions, []),
});

const catalogueBody = v.strictObject({
  description,
  resources: v.pipe(
    v.array(
      v.strictObject({
        name,
        description,
        graded: v.optional(v.boolean(), false),
        operations: v.pipe(v.array(operationSchema), v.minLength(1), v.maxLength(MAX_OPERATIONS)),
      }),
    ),
    v.minLength(1),
    v.maxLength(MAX_RESOURCES),
  ),
  permission_sets: v.optional(v.array(v.strictObject({ name, description, permissions })), []),
});

export const catalogueRoutes: readonly Route[] = [
  route({
    method: "PUT",
    path: "/v1/catalogues/{service}",
    summary: "Define a permission catalogue, or let it grow.",
    access: { kind: "operator" },
    body: catalogueBody,
    answers: { status: 200, body: "Catalogue" },
    handle: async ({ deps, params, body, actor, moment }) => {
      const { permission_sets: permissionSets, ...rest } = body;
      const put = await putCatalogue(
        deps,
        { service: params["service"] ?? "", ...rest, permissionSets },
        actor,
        moment,
      );
      if (!put.ok) return put;
      const { catalogue, created } = put.value;
      return ok({ status: created ? 201 : 200, body: { catalogue: presentCatalogue(catalogue) } });
    },
  }),
  route({
    method: "GET",
    path: "/v1/catalogues",
    summary: "Every permission catalogue.",
    access: { kind: "anyone" },
    answers: { status: 200, body: "Catalogues" },
    handle: async ({ deps, moment }) => {
      const catalogues = await listCatalogues(deps, moment);
      return ok({ status: 200, body: { catalogues: catalogues.map(presentCatalogue) } });
    },
  }),
  route({
    method: "GET",
    path: "/v1/catalogues/{service}",
    summary: "One permission catalogue.",
    access: { kind: "anyone" },
    answers: { status: 200, body: "Catalogue" },
    handle: async ({ deps, params, moment }) => {
      const catalogue = await showCatalogue(deps, params["service"] ?? "", moment);
      return catalogue.ok
        ? ok({ status: 200, body: { catalogue: presentCatalogue(catalogue.value) } })
        : catalogue;
    },
  }),
];
