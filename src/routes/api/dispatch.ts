import type { Refusal } from "../../domain/refusal.ts";
import { err, type Result } from "../../domain/result.ts";
import { answerCall, type Incoming } from "./serve.ts";
import { TEAM_PARAMETER, type Answer, type Route } from "./route.ts";
import { apiRoutes } from "./table.ts";

/**
 * Answers a request to the API without HTTP between, for the console: the same route, with the same tests of
 * who asks and what they sent.
 */
export async function askApi(incoming: Omit<Incoming, "params">): Promise<Result<Answer, Refusal>> {
  const { deps, request, moment } = incoming;
  const { pathname } = new URL(request.url);
  for (const route of apiRoutes) {
    const params = route.method === request.method ? matchPath(route, pathname) : null;
    if (params === null) continue;
    const answer = await answerCall(route, { ...incoming, params });
    if (answer.ok && request.method !== "GET") deps.auditSealer.soon(params[TEAM_PARAMETER] ?? null, moment);
    return answer;
  }
  return err({ kind: "unknown_path" });
}

/** The values of a path's parameters, null when it is another path. */
function matchPath({ path }: Route, pathname: string): Record<string, string> | null {
  const wanted = path.split("/");
  const given = pathname.split("/");
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const [, name] = /^\{(\w+)\}$/.exec(part) ?? [];
    if (name === undefined && part !== given[index]) return null;
    if (name !== undefined) params[name] = decodeURIComponent(given[index] ?? "");
  }
  return params;
}
