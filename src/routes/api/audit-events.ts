import { err, ok, type Result } from "../../domain/result.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { listAuditEvents, type AuditFilter } from "../../operations/list-audit-events.ts";
import { PAGE_QUERY, presentPage, readPageRequest } from "./paging.ts";
import { route, TEAM_PARAMETER, type Answer, type Call, type Route } from "./route.ts";
import { readTime, TIME_WRITING } from "./times.ts";

const FILTER_QUERY = {
  ...PAGE_QUERY,
  type: "A type, such as `access_token.revoked`, or all of a kind: `access_token.*`.",
  actor: "The id of the credential that acted, or of whose it was; `operator` for the operator.",
  subject: "The id of what it was done to.",
  since: `From then on: ${TIME_WRITING}.`,
  until: `Before then: ${TIME_WRITING}.`,
} as const;

const TYPE = /^[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*(\.\*)?$/;
const MAX_ID = 200;

export const auditEventRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/teams/{team}/audit-events",
    summary:
      "List what was changed or denied in a team, newest first, each event with its link of the chain.",
    access: { kind: "team", permission: "EMM.Reports.VIEW" },
    query: FILTER_QUERY,
    answers: { status: 200, body: "AuditEvents" },
    handle: async (call) => list(call, call.params[TEAM_PARAMETER] ?? ""),
  }),
  route({
    method: "GET",
    path: "/v1/audit-events",
    summary: "List what was changed in the region and belongs to no team, newest first.",
    access: { kind: "operator" },
    query: FILTER_QUERY,
    answers: { status: 200, body: "AuditEvents" },
    handle: async (call) => list(call, null),
  }),
];

async function list({ deps, query }: Call, teamId: string | null): Promise<Result<Answer, Refusal>> {
  const page = readPageRequest(query, "aud");
  if (!page.ok) return page;
  const filter = readFilter(query);
  if (!filter.ok) return filter;
  const listed = await listAuditEvents(deps, teamId, { page: page.value, filter: filter.value });
  if (!listed.ok) return listed;
  const body = { ...presentPage("audit_events", listed.value, (event) => event), head: listed.value.head };
  return ok({ status: 200, body });
}

/** A filter that can find nothing because it is mistyped is refused: an empty list would look like proof. */
function readFilter(query: URLSearchParams): Result<AuditFilter, Refusal> {
  const since = readTime(query.get("since"), "since");
  if (!since.ok) return since;
  const until = readTime(query.get("until"), "until");
  if (!until.ok) return until;
  const type = query.get("type");
  const matched = TYPE.exec(type ?? "");
  if (type !== null && matched === null) return invalid("type");
  for (const name of ["actor", "subject"]) {
    const value = query.get(name);
    if (value !== null && (value === "" || value.length > MAX_ID)) return invalid(name);
  }
  return ok({
    type: type === null ? null : matched?.[1] === undefined ? { exact: type } : { prefix: type.slice(0, -1) },
    actor: query.get("actor"),
    subject: query.get("subject"),
    since: since.value,
    until: until.value,
  });
}

function invalid(member: string): Result<never, Refusal> {
  return err({ kind: "invalid_member", member, problem: "invalid" });
}
