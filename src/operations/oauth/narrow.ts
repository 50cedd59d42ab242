import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { missingPermissions } from "../../domain/permission.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { readScope } from "../../domain/scope.ts";
import type { Deps } from "../deps.ts";
import type { Moment } from "../moment.ts";
import { knownPermissions } from "../records.ts";
import type { OAuthParameters } from "./request.ts";

/**
 * The permissions of an access token: all that is granted, or what `scope` says of it. It can only narrow (RFC
 * 6749, section 6).
 */
export async function narrowScope(
  deps: Deps,
  granted: readonly string[],
  parameters: OAuthParameters,
  moment: Moment,
): Promise<Result<readonly string[], OAuthRefusal>> {
  const scope = parameters.get("scope");
  if (scope === null) return ok(granted);
  const wanted = readScope(await knownPermissions(deps.records, moment), scope);
  if (!wanted.ok) return wanted;
  const missing = missingPermissions(granted, wanted.value);
  return missing.length > 0 ? err({ kind: "scope_beyond_grant", missing }) : wanted;
}

/**
 * The audience of an access token (RFC 8707, section 2.2): the resources that the request names, each of which
 * has to be among the granted ones if there are any, or else all that are granted.
 * @param granted with spaces between, null: no particular ones, so that naming any narrows
 */
export function narrowAudience(
  granted: string | null,
  resources: readonly string[],
): Result<string | null, OAuthRefusal> {
  if (resources.length === 0) return ok(granted);
  const among = granted === null ? null : new Set(granted.split(" "));
  for (const resource of resources) {
    if (!isResource(resource) || (among !== null && !among.has(resource))) {
      return err({ kind: "target_invalid" });
    }
  }
  return ok([...new Set(resources)].join(" "));
}

const MOST_CHARACTERS = 500;

/** An absolute URI without a fragment (RFC 8707, section 2). */
export function isResource(text: string): boolean {
  return text.length <= MOST_CHARACTERS && /^[a-z][a-z0-9+.-]*:[!-"$-~]+$/i.test(text);
}
