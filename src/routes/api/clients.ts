import * as v from "valibot";
import { MAX_CLIENT_KEYS } from "../../domain/client-keys.ts";
import { CLIENT_TYPES } from "../../domain/client.ts";
import { MAX_WRITTEN_PERMISSIONS } from "../../domain/narrower-token.ts";
import { MAX_URI } from "../../domain/redirect-uri.ts";
import { REGION_CODES } from "../../domain/region.ts";
import { ok } from "../../domain/result.ts";
import { createClient, hasOwnSecrets, type CreatedClient } from "../../operations/create-client.ts";
import { createGrantToken, type CreatedGrantToken } from "../../operations/create-grant-token.ts";
import { deleteClient } from "../../operations/delete-client.ts";
import { listClients } from "../../operations/list-clients.ts";
import type { RegionSecrets } from "../../operations/regions/region-secrets.ts";
import { rotateClientSecret } from "../../operations/rotate-client-secret.ts";
import { showClient, type ClientRow } from "../../operations/show-client.ts";
import { updateClient } from "../../operations/update-client.ts";
import { etagOf, ifMatch } from "./etag.ts";
import { definedMembers, descriptionSchema, nameSchema } from "./fields.ts";
import { PAGE_QUERY, presentPage, readPageRequest } from "./paging.ts";
import { isoTime } from "./present.ts";
import { route, type Answer, type Call, type Route } from "./route.ts";

const CLIENTS = "/v1/teams/{team}/clients";

const MAX_URIS = 20;
const MAX_OVERLAP_SECONDS = 30 * 86_400;

/** Each permission of a long scope fits. */
const MAX_SCOPE = 20_000;

/** Seed 002's drop-down; the first is the default. */
const DURATIONS_MINUTES = [2, 3, 5, 7, 10] as const;

const uri = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_URI));

const redirectUris = v.pipe(
  v.array(uri),
  v.maxLength(MAX_URIS),
  v.description(
    "Of `browser`, `server` and `mobile`, one at least: https, or http on a loopback address; of `mobile` also a " +
      "private-use scheme with a dot.",
  ),
);
const jsOrigins = v.pipe(
  v.array(uri),
  v.maxLength(MAX_URIS),
  v.description("Of `browser`: origins whose scripts may call the token endpoint."),
);
const homepageUrl = v.pipe(uri, v.description("Of all but `self`."));
const permissions = v.pipe(v.array(v.string()), v.maxLength(MAX_WRITTEN_PERMISSIONS));
const jwks = v.pipe(
  v.strictObject({
    keys: v.pipe(v.array(v.record(v.string(), v.unknown())), v.minLength(1), v.maxLength(MAX_CLIENT_KEYS)),
  }),
  v.description(
    "Of `server` and `self`: public keys by which it authenticates (RFC 7523) in the place of a secret.",
  ),
);

const regions = v.pipe(
  v.array(v.picklist(REGION_CODES)),
  v.maxLength(REGION_CODES.length),
  v.description(
    "Beside the home region. A client that keeps a secret gets one of its own for each, unless it has the same one everywhere.",
  ),
);

const createBody = v.strictObject({
  type: v.picklist(CLIENT_TYPES),
  name: nameSchema,
  homepage_url: v.optional(homepageUrl),
  redirect_uris: v.optional(redirectUris),
  js_origins: v.optional(jsOrigins),
  permissions: v.optional(permissions),
  regions: v.optional(regions, []),
  same_secret_everywhere: v.optional(v.boolean(), false),
  jwks: v.optional(jwks),
});

const updateBody = v.strictObject({
  name: v.optional(nameSchema),
  homepage_url: v.optional(v.nullable(homepageUrl)),
  redirect_uris: v.optional(redirectUris),
  js_origins: v.optional(jsOrigins),
  permissions: v.optional(permissions),
  jwks: v.optional(v.nullable(jwks)),
  regions: v.optional(regions),
});

const grantTokenBody = v.strictObject({
  scope: v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_SCOPE)),
  duration_minutes: v.optional(v.picklist(DURATIONS_MINUTES), DURATIONS_MINUTES[0]),
  description: v.pipe(descriptionSchema, v.minLength(1)),
});

export const clientRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: CLIENTS,
    summary: "Register an OAuth client; this answer alone shows its secret.",
    access: { kind: "team", permission: "EMM.AccessTokens.CREATE" },
    body: createBody,
    idempotent: true,
    answers: { status: 201, body: "CreatedClient" },
    handle: async ({ deps, params, body, actor, moment, keepAnswer }) => {
      const request = {
        type: body.type,
        name: body.name,
        ...fieldsOf(body),
        permissions: body.permissions ?? null,
        regions: body.regions,
        sameSecretEverywhere: body.same_secret_everywhere,
      };
      const keep = keepAnswer(201, (client: ClientRow) =>
        withoutSecret(client, hasOwnSecrets(client) ? client.regions : []),
      );
      const created = await createClient(deps, params["team"] ?? "", request, actor, moment, keep);
      return created.ok ? ok(answerCreated(created.value)) : created;
    },
  }),
  route({
    method: "GET",
    path: CLIENTS,
    summary: "List a team's OAuth clients, newest first.",
    access: { kind: "team", permission: "EMM.AccessTokens.VIEW" },
    query: PAGE_QUERY,
    answers: { status: 200, body: "Clients" },
    handle: async ({ deps, params, query }) => {
      const page = readPageRequest(query, "cli");
      if (!page.ok) return page;
      const listed = await listClients(deps, params["team"] ?? "", page.value);
      return listed.ok
        ? ok({ status: 200, body: presentPage("clients", listed.value, presentClient) })
        : listed;
    },
  }),
  route({
    method: "GET",
    path: `${CLIENTS}/{id}`,
    summary: "Show an OAuth client, never its secret.",
    access: { kind: "team", permission: "EMM.AccessTokens.VIEW" },
    answers: { status: 200, body: "Client" },
    handle: async ({ deps, params }) => {
      const client = await showClient(deps, idsOf(params));
      return client.ok ? ok(answer(client.value)) : client;
    },
  }),
  route({
    method: "PATCH",
    path: `${CLIENTS}/{id}`,
    summary: "Change an OAuth client; keys take the place of its secrets, null gives them up.",
    access: { kind: "team", permission: "EMM.AccessTokens.CREATE" },
    body: updateBody,
    answers: { status: 200, body: "ChangedClient" },
    handle: async ({ deps, params, body, actor, moment, request }) => {
      const edit = {
        ...definedMembers({ name: body.name, permissions: body.permissions, regions: body.regions }),
        ...fieldsOf(body),
      };
      const updated = await updateClient(deps, idsOf(params), edit, ifMatch(request), actor, moment);
      return updated.ok ? ok(answer(updated.value.client, updated.value.regionSecrets)) : updated;
    },
  }),
  route({
    method: "DELETE",
    path: `${CLIENTS}/{id}`,
    summary: "Delete an OAuth client, and end everything that it was given.",
    access: { kind: "team", permission: "EMM.AccessTokens.DELETE" },
    answers: { status: 200, body: "DeletedClient" },
    refuses: [412],
    handle: async ({ deps, params, actor, request }) => {
      const deleted = await deleteClient(deps, idsOf(params), ifMatch(request), actor);
      if (!deleted.ok) return deleted;
      const { client, effectiveBy } = deleted.value;
      return ok({
        status: 200,
        body: { client: presentClient(client), effective_by: isoTime(effectiveBy) },
      });
    },
  }),
  route({
    method: "POST",
    path: `${CLIENTS}/{id}/secrets`,
    summary: "Rotate a client's secret; this answer alone shows the new one.",
    access: { kind: "team", permission: "EMM.AccessTokens.CREATE" },
    body: v.strictObject({
      overlap_seconds: v.optional(
        v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(MAX_OVERLAP_SECONDS)),
        0,
      ),
      regions: v.optional(
        v.pipe(
          v.array(v.picklist(REGION_CODES)),
          v.minLength(1),
          v.maxLength(REGION_CODES.length),
          v.description("Whose secret; the home region's when left out."),
        ),
      ),
    }),
    idempotent: true,
    answers: { status: 201, body: "CreatedClient" },
    handle: async ({ deps, params, body, actor, keepAnswer }) => {
      const wanted = body.regions ?? [deps.region];
      const others = wanted.filter((region) => region !== deps.region);
      const keep = keepAnswer(201, (client: ClientRow) => withoutSecret(client, others));
      const rotation = { overlapSeconds: body.overlap_seconds, regions: wanted };
      const rotated = await rotateClientSecret(deps, idsOf(params), rotation, actor, keep);
      return rotated.ok ? ok(answerCreated(rotated.value)) : rotated;
    },
  }),
  route({
    method: "POST",
    path: `${CLIENTS}/{id}/grant-tokens`,
    summary: "Make a grant token for a self client; this answer alone shows it.",
    access: { kind: "team", permission: "EMM.AccessTokens.CREATE" },
    body: grantTokenBody,
    idempotent: true,
    answers: { status: 201, body: "GrantToken" },
    handle: async ({ deps, params, body, actor, moment, keepAnswer }) => {
      const request = {
        scope: body.scope,
        durationMinutes: body.duration_minutes,
        description: body.description,
      };
      const keep = keepAnswer(201, (made: CreatedGrantToken) => ({ ...presentGrantToken(made), code: null }));
      const made = await createGrantToken(deps, idsOf(params), request, actor, moment, keep);
      return made.ok ? ok({ status: 201, body: presentGrantToken(made.value) }) : made;
    },
  }),
];

function idsOf(params: Call["params"]): { teamId: string; id: string } {
  return { teamId: params["team"] ?? "", id: params["id"] ?? "" };
}

function fieldsOf(
  body: Pick<v.InferOutput<typeof updateBody>, "homepage_url" | "redirect_uris" | "js_origins" | "jwks">,
) {
  return definedMembers({
    homepageUrl: body.homepage_url,
    redirectUris: body.redirect_uris,
    jsOrigins: body.js_origins,
    jwks: body.jwks,
  });
}

function answer(client: ClientRow, secrets: RegionSecrets = {}): Answer {
  return {
    status: 200,
    body: { client: presentClient(client), ...presentRegionSecrets(secrets) },
    headers: { ETag: etagOf(client) },
  };
}

function answerCreated({ client, secret, regionSecrets }: CreatedClient): Answer {
  return {
    status: 201,
    body: { client: presentClient(client), client_secret: secret, ...presentRegionSecrets(regionSecrets) },
    headers: { ETag: etagOf(client) },
  };
}

/** @param others regions whose secrets the first answer showed */
function withoutSecret(client: ClientRow, others: readonly string[]) {
  const hidden = Object.fromEntries(others.map((region) => [region, null]));
  return { client: presentClient(client), client_secret: null, ...presentRegionSecrets(hidden) };
}

/** Left out where there are none. */
function presentRegionSecrets(secrets: Readonly<Record<string, string | null>>) {
  return Object.keys(secrets).length === 0 ? {} : { client_secrets: secrets };
}

function presentGrantToken({ code, expiresInSeconds }: CreatedGrantToken) {
  return { code, expires_in: expiresInSeconds };
}

function presentClient(client: ClientRow) {
  return {
    id: client.id,
    team: client.teamId,
    type: client.type,
    name: client.name,
    homepage_url: client.homepageUrl,
    redirect_uris: client.redirectUris,
    js_origins: client.jsOrigins,
    permissions: client.permissions,
    regions: client.regions,
    same_secret_everywhere: client.sameSecretEverywhere,
    jwks: client.jwks,
    not_after: isoTime(client.notAfter),
    allowed_ips: client.allowedIps,
    created_at: isoTime(client.createdAt),
    created_by: client.createdBy,
    updated_at: isoTime(client.updatedAt),
  };
}
