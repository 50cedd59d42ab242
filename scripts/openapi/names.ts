import type { Route } from "../../src/routes/api/route.ts";

/** Paths of one word that belong under another one's heading. */
const TAGS: Readonly<Record<string, string>> = {
  check: "Checking",
  "forward-auth": "Checking",
  healthz: "This deployment",
  "openapi.json": "This deployment",
  errors: "This deployment",
};

/** The heading of a route: the noun of its path, which for a team's things stands after the team. */
export function tagOf({ path }: Pick<Route, "path">): string {
  const [first = "", , ofTeam] = path.replace(/^\/(?:v1\/)?/, "").split("/");
  const noun = ofTeam !== undefined && first === "teams" ? ofTeam : first;
  return TAGS[noun] ?? sentenceCase(noun.replaceAll("-", " "));
}

/** `getTeamsByTeamAccessTokens`: method and path are unique together, and so is this. */
export function operationId({ method, path }: Pick<Route, "method" | "path">): string {
  const words = path
    .replace(/^\/v1/, "")
    .replaceAll(/\{(\w+)\}/g, "by-$1")
    .split(/[^a-z0-9]+/i)
    .filter((word) => word !== "");
  return method.toLowerCase() + words.map(sentenceCase).join("");
}

/** The names of the parameters in a path, in their order. */
export function pathParameters(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
}

export function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
