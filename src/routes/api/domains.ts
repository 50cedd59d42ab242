import * as v from "valibot";
import { challengeName, challengeText } from "../../domain/domain-challenge.ts";
import { isPublicName } from "../../domain/public-address.ts";
import { ok } from "../../domain/result.ts";
import { addDomain } from "../../operations/add-domain.ts";
import { removeDomain } from "../../operations/remove-domain.ts";
import { listDomains, showDomain, type DomainRow } from "../../operations/show-domain.ts";
import { verifyDomain } from "../../operations/verify-domain.ts";
import { PAGE_QUERY, presentPage, readPageRequest } from "./paging.ts";
import { isoTime } from "./present.ts";
import { route, type Route } from "./route.ts";

const domainName = v.pipe(v.string(), v.maxLength(253), v.toLowerCase(), v.check(isPublicName));

export const domainRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/teams/{team}/domains",
    summary: "Name a domain as the team's; the answer tells the DNS record that proves it.",
    access: { kind: "team", permission: "EMM.Team.MANAGE" },
    body: v.strictObject({ name: domainName }),
    idempotent: true,
    answers: { status: 201, body: "Domain" },
    handle: async ({ deps, params, body, actor, keepAnswer }) => {
      const added = await addDomain(deps, params["team"] ?? "", body.name, actor, keepAnswer(201, answer));
      return added.ok ? ok({ status: 201, body: answer(added.value) }) : added;
    },
  }),
  route({
    method: "GET",
    path: "/v1/teams/{team}/domains",
    summary: "List a team's domains, newest first.",
    access: { kind: "team", permission: "EMM.Team.VIEW" },
    query: PAGE_QUERY,
    answers: { status: 200, body: "Domains" },
    handle: async ({ deps, params, query }) => {
      const page = readPageRequest(query, "dom");
      if (!page.ok) return page;
      const listed = await listDomains(deps, params["team"] ?? "", page.value);
      return listed.ok
        ? ok({ status: 200, body: presentPage("domains", listed.value, presentDomain) })
        : listed;
    },
  }),
  route({
    method: "GET",
    path: "/v1/teams/{team}/domains/{id}",
    summary: "Show a domain and the DNS record that proves it.",
    access: { kind: "team", permission: "EMM.Team.VIEW" },
    answers: { status: 200, body: "Domain" },
    handle: async ({ deps, params }) => {
      const shown = await showDomain(deps, params["team"] ?? "", params["id"] ?? "");
      return shown.ok ? ok({ status: 200, body: answer(shown.value) }) : shown;
    },
  }),
  route({
    method: "POST",
    path: "/v1/teams/{team}/domains/{id}/verify",
    summary: "Look for the DNS record now.",
    access: { kind: "team", permission: "EMM.Team.MANAGE" },
    answers: { status: 200, body: "Domain" },
    handle: async ({ deps, params, actor }) => {
      const verified = await verifyDomain(deps, params["team"] ?? "", params["id"] ?? "", actor);
      return verified.ok ? ok({ status: 200, body: answer(verified.value) }) : verified;
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/teams/{team}/domains/{id}",
    summary: "Take a domain off a team.",
    access: { kind: "team", permission: "EMM.Team.MANAGE" },
    answers: { status: 200, body: "Domain" },
    handle: async ({ deps, params, actor }) => {
      const removed = await removeDomain(deps, params["team"] ?? "", params["id"] ?? "", actor);
      return removed.ok ? ok({ status: 200, body: answer(removed.value) }) : removed;
    },
  }),
];

function answer(row: DomainRow) {
  return { domain: presentDomain(row) };
}

function presentDomain({ id, name, challenge, verifiedAt, createdAt }: DomainRow) {
  return {
    id,
    name,
    verified_at: isoTime(verifiedAt),
    dns_record: { type: "TXT", name: challengeName(name), value: challengeText(challenge) },
    created_at: isoTime(createdAt),
  };
}
