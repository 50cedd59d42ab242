import * as v from "valibot";
import { MAX_WRITTEN_PERMISSIONS } from "../../domain/narrower-token.ts";
import { ok } from "../../domain/result.ts";
import { issueToken } from "../../operations/issue-token.ts";
import { listTokens } from "../../operations/list-tokens.ts";
import { revokeToken, type EndedToken } from "../../operations/revoke-token.ts";
import { showToken } from "../../operations/show-token.ts";
import { nameSchema, profileIdSchema } from "./fields.ts";
import { PAGE_QUERY, presentPage, readPageRequest } from "./paging.ts";
import { isoTime, presentToken } from "./present.ts";
import { route, type Call, type Route } from "./route.ts";

const MAX_ADDRESSES = 100;
const TEN_YEARS_SECONDS = 315_360_000;
const DAY_SECONDS = 86_400;
const MAX_RATE_LIMIT = 1_000_000;

const permissionList = v.optional(v.pipe(v.array(v.string()), v.maxLength(MAX_WRITTEN_PERMISSIONS)), []);

function wholeNumber(max: number) {
  return v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(max));
}

const createBody = v.strictObject({
  name: nameSchema,
  profile_id: v.optional(profileIdSchema),
  permissions: permissionList,
  permission_sets: permissionList,
  expires_in: v.optional(wholeNumber(TEN_YEARS_SECONDS)),
  allowed_ips: v.optional(v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(MAX_ADDRESSES))),
  rate_limit: v.optional(
    v.strictObject({ limit: wholeNumber(MAX_RATE_LIMIT), window_seconds: wholeNumber(DAY_SECONDS) }),
  ),
});

export const accessTokenRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/teams/{team}/access-tokens",
    summary: "Issue a team access token; this answer alone shows it.",
    access: { kind: "team", permission: "EMM.AccessTokens.CREATE" },
    body: createBody,
    idempotent: true,
    answers: { status: 201, body: "CreatedAccessToken" },
    handle: async ({ deps, params, body, actor, moment, keepAnswer }) => {
      const request = {
        name: body.name,
        profileId: body.profile_id ?? null,
        permissions: body.permissions,
        permissionSets: body.permission_sets,
        expiresInSeconds: body.expires_in ?? null,
        allowedIps: body.allowed_ips ?? null,
        rateLimit:
          body.rate_limit === undefined
            ? null
            : { limit: body.rate_limit.limit, windowSeconds: body.rate_limit.window_seconds },
      };
      const keep = keepAnswer(201, (row: Parameters<typeof presentToken>[0]) => ({
        access_token: presentToken(row),
        token: null,
      }));
      const issued = await issueToken(deps, params["team"] ?? "", request, actor, moment, keep);
      if (!issued.ok) return issued;
      const { row, secret } = issued.value;
      return ok({ status: 201, body: { access_token: presentToken(row), token: secret } });
    },
  }),
  route({
    method: "GET",
    path: "/v1/teams/{team}/access-tokens",
    summary: "List a team's access tokens, newest first.",
    access: { kind: "team", permission: "EMM.AccessTokens.VIEW" },
    query: PAGE_QUERY,
    answers: { status: 200, body: "AccessTokens" },
    handle: async ({ deps, params, query }) => {
      const page = readPageRequest(query, "tok");
      if (!page.ok) return page;
      const listed = await listTokens(deps, params["team"] ?? "", page.value);
      return listed.ok
        ? ok({ status: 200, body: presentPage("access_tokens", listed.value, presentToken) })
        : listed;
    },
  }),
  route({
    method: "GET",
    path: "/v1/teams/{team}/access-tokens/{id}",
    summary: "Show an access token, never the token itself.",
    access: { kind: "team", permission: "EMM.AccessTokens.VIEW" },
    answers: { status: 200, body: "AccessToken" },
    handle: async ({ deps, params }) => {
      const shown = await showToken(deps, params["team"] ?? "", params["id"] ?? "");
      return shown.ok ? ok({ status: 200, body: { access_token: presentToken(shown.value) } }) : shown;
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/teams/{team}/access-tokens/{id}",
    summary: "Revoke an access token for good.",
    access: { kind: "team", permission: "EMM.AccessTokens.DELETE" },
    answers: { status: 200, body: "RevokedAccessToken" },
    handle: revoke,
  }),
  route({
    method: "POST",
    path: "/v1/teams/{team}/access-tokens/{id}/revoke",
    summary: "Revoke an access token for good.",
    access: { kind: "team", permission: "EMM.AccessTokens.DELETE" },
    answers: { status: 200, body: "RevokedAccessToken" },
    handle: revoke,
  }),
];

async function revoke({ deps, params, actor }: Call) {
  const revoked = await revokeToken(deps, params["team"] ?? "", params["id"] ?? "", actor);
  return revoked.ok ? ok({ status: 200, body: presentRevoked(revoked.value) }) : revoked;
}

function presentRevoked({ row, effectiveBy, receipt }: EndedToken) {
  return { access_token: presentToken(row), effective_by: isoTime(effectiveBy), receipt };
}
