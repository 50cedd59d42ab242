import { ok } from "../../domain/result.ts";
import { makeResetLink } from "../../operations/account/make-reset-link.ts";
import { listUsers } from "../../operations/list-users.ts";
import { revokeTeam, revokeUser, type RevokedAll } from "../../operations/revoke-all.ts";
import { showTotals } from "../../operations/show-totals.ts";
import { PAGE_QUERY, presentPage, readPageRequest } from "./paging.ts";
import { isoTime } from "./present.ts";
import { route, type Answer, type Route } from "./route.ts";

export const operatorRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/totals",
    summary: "What this region holds, and the checks of its last 24 hours.",
    access: { kind: "operator" },
    answers: { status: 200, body: "Totals" },
    handle: async ({ deps }) => {
      const { accessTokens, ...totals } = await showTotals(deps);
      return ok({
        status: 200,
        body: { totals: { region: deps.region, ...totals, access_tokens: accessTokens } },
      });
    },
  }),
  route({
    method: "GET",
    path: "/v1/users",
    summary: "List and search the people with an account in this region, newest first.",
    access: { kind: "operator" },
    query: { ...PAGE_QUERY, q: "Part of an e-mail address, in any case." },
    answers: { status: 200, body: "Users" },
    handle: async ({ deps, query }) => {
      const page = readPageRequest(query, "usr");
      if (!page.ok) return page;
      const listed = await listUsers(deps, page.value, query.get("q") || null);
      const body = presentPage("users", listed, ({ id, email, createdAt }) => ({
        id,
        email,
        created_at: isoTime(createdAt),
      }));
      return ok({ status: 200, body });
    },
  }),
  route({
    method: "POST",
    path: "/v1/teams/{team}/revoke-all",
    summary: "End everything of a team: its tokens and its members' sessions.",
    access: { kind: "operator" },
    answers: { status: 200, body: "RevokedAll" },
    handle: async ({ deps, params, actor }) => {
      const revoked = await revokeTeam(deps, params["team"] ?? "", actor);
      return revoked.ok ? ok(answer(revoked.value)) : revoked;
    },
  }),
  route({
    method: "POST",
    path: "/v1/users/{user}/revoke-all",
    summary: "End everything of a person: sessions, what acts for them, and tokens that they made.",
    access: { kind: "operator" },
    answers: { status: 200, body: "RevokedAll" },
    handle: async ({ deps, params, actor }) => {
      const revoked = await revokeUser(deps, params["user"] ?? "", actor);
      return revoked.ok ? ok(answer(revoked.value)) : revoked;
    },
  }),
  route({
    method: "POST",
    path: "/v1/users/{user}/reset-links",
    summary: "Make a link by which a person sets a new password, once and soon; this answer alone shows it.",
    access: { kind: "operator" },
    answers: { status: 201, body: "ResetLink" },
    refuses: [404],
    handle: async ({ deps, params, actor }) => {
      const made = await makeResetLink(deps, params["user"] ?? "", actor);
      if (!made.ok) return made;
      const { link, expiresAt } = made.value;
      return ok({ status: 201, body: { reset_link: link, expires_at: isoTime(expiresAt) } });
    },
  }),
];

function answer({ accessTokens, sessions, effectiveBy, receipt }: RevokedAll): Answer {
  const revoked = { access_tokens: accessTokens, sessions };
  return { status: 200, body: { revoked, effective_by: isoTime(effectiveBy), receipt } };
}
