import * as v from "valibot";
import { isPublicName } from "../../domain/public-address.ts";
import { ok } from "../../domain/result.ts";
import { removeSsoConnection } from "../../operations/remove-sso-connection.ts";
import { createSsoConnection, updateSsoConnection } from "../../operations/save-sso-connection.ts";
import {
  listSsoConnections,
  showSsoConnection,
  type SsoConnectionRow,
} from "../../operations/show-sso-connection.ts";
import { etagOf, ifMatch } from "./etag.ts";
import { definedMembers, nameSchema } from "./fields.ts";
import { PAGE_QUERY, presentPage, readPageRequest } from "./paging.ts";
import { isoTime } from "./present.ts";
import { route, type Answer, type Route } from "./route.ts";

/** OpenID Connect Discovery, section 2: a URL without query or fragment. */
const issuer = v.pipe(
  v.string(),
  v.maxLength(500),
  v.check((text) => URL.canParse(text) && !/[?#]/.test(text)),
);
const visible = (max: number) => v.pipe(v.string(), v.regex(/^[\x21-\x7e]+$/), v.maxLength(max));
const domains = v.pipe(
  v.array(v.pipe(v.string(), v.maxLength(253), v.toLowerCase(), v.check(isPublicName))),
  v.minLength(1),
  v.maxLength(50),
);

const createBody = v.strictObject({
  name: nameSchema,
  issuer,
  client_id: visible(300),
  client_secret: visible(1000),
  allowed_domains: domains,
});

export const ssoConnectionRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/teams/{team}/sso-connections",
    summary: "Connect an OpenID provider; it is tested before it is saved.",
    access: { kind: "team", permission: "EMM.Members.MANAGE" },
    body: createBody,
    idempotent: true,
    answers: { status: 201, body: "SsoConnection" },
    handle: async ({ deps, params, body, actor, keepAnswer }) => {
      const request = {
        name: body.name,
        issuer: body.issuer,
        clientId: body.client_id,
        clientSecret: body.client_secret,
        allowedDomains: body.allowed_domains,
      };
      const keep = keepAnswer(201, (row: SsoConnectionRow) => ({ sso_connection: present(row) }));
      const created = await createSsoConnection(deps, params["team"] ?? "", request, actor, keep);
      return created.ok ? ok(answer(201, created.value)) : created;
    },
  }),
  route({
    method: "GET",
    path: "/v1/teams/{team}/sso-connections",
    summary: "List a team's connections, newest first.",
    access: { kind: "team", permission: "EMM.Members.VIEW" },
    query: PAGE_QUERY,
    answers: { status: 200, body: "SsoConnections" },
    handle: async ({ deps, params, query }) => {
      const page = readPageRequest(query, "sso");
      if (!page.ok) return page;
      const listed = await listSsoConnections(deps, params["team"] ?? "", page.value);
      return listed.ok
        ? ok({ status: 200, body: presentPage("sso_connections", listed.value, present) })
        : listed;
    },
  }),
  route({
    method: "GET",
    path: "/v1/teams/{team}/sso-connections/{id}",
    summary: "Show a connection, never its secret.",
    access: { kind: "team", permission: "EMM.Members.VIEW" },
    answers: { status: 200, body: "SsoConnection" },
    handle: async ({ deps, params }) => {
      const shown = await showSsoConnection(deps, params["team"] ?? "", params["id"] ?? "");
      return shown.ok ? ok(answer(200, shown.value)) : shown;
    },
  }),
  route({
    method: "PATCH",
    path: "/v1/teams/{team}/sso-connections/{id}",
    summary: "Change a connection; it is tested before it is saved.",
    access: { kind: "team", permission: "EMM.Members.MANAGE" },
    body: v.partial(createBody),
    answers: { status: 200, body: "SsoConnection" },
    handle: async ({ deps, params, body, actor, request }) => {
      const change = definedMembers({
        name: body.name,
        issuer: body.issuer,
        clientId: body.client_id,
        clientSecret: body.client_secret,
        allowedDomains: body.allowed_domains,
      });
      const which = { teamId: params["team"] ?? "", id: params["id"] ?? "" };
      const updated = await updateSsoConnection(deps, which, change, ifMatch(request), actor);
      return updated.ok ? ok(answer(200, updated.value)) : updated;
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/teams/{team}/sso-connections/{id}",
    summary: "Remove a connection.",
    access: { kind: "team", permission: "EMM.Members.DELETE" },
    answers: { status: 200, body: "SsoConnection" },
    handle: async ({ deps, params, actor }) => {
      const removed = await removeSsoConnection(deps, params["team"] ?? "", params["id"] ?? "", actor);
      return removed.ok ? ok({ status: 200, body: { sso_connection: present(removed.value) } }) : removed;
    },
  }),
];

function answer(status: number, row: SsoConnectionRow): Answer {
  return { status, body: { sso_connection: present(row) }, headers: { ETag: etagOf(row) } };
}

function present(row: SsoConnectionRow) {
  return {
    id: row.id,
    name: row.name,
    issuer: row.issuer,
    client_id: row.clientId,
    allowed_domains: row.allowedDomains,
    created_at: isoTime(row.createdAt),
    updated_at: isoTime(row.updatedAt),
  };
}
