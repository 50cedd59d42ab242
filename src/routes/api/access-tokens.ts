import * as v from "valibot";
import { ok } from "../../domain/result.ts";
import { issueToken } from "../../operations/issue-token.ts";
import { listTokens } from "../../operations/list-tokens.ts";
import { revokeToken, type EndedToken } from "../../operations/revoke-token.ts";
import { showToken } from "../../operations/show-token.ts";
import { PAGE_QUERY, presentPage, readPageRequest } from "./paging.ts";
import { isoTime, presentToken } from "./present.ts";
import { route, type Call, type Route } from "./route.ts";
import { requestedToken, tokenMembers, wholeNumber } from "./token-fields.ts";

const TEN_YEARS_SECONDS = 315_360_000;

const createBody = v.strictObject({
  ...tokenMembers,
  expires_in: v.optional(wholeNumber(TEN_YEARS_SECONDS)),
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
        ...requestedToken(body),
        expiresInSeconds: body.expires_in ?? null,
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
