import { isCallable } from "../../domain/public-address.ts";
import { isProvenName } from "../../store/domains.ts";
import type { Deps } from "../deps.ts";
import { regionOrigin } from "../tenant.ts";

/**
 * Whether events may be sent to a URL (contract, section 8): https on port 443 at a public name, and not at a
 * host of this deployment, since what it is sent there would come from inside. Asked when the URL is saved and
 * again each time it is called, because settings and proven domains change.
 */
export async function mayBeCalled(
  deps: Pick<Deps, "db" | "origins" | "region" | "tenant" | "allowLoopback">,
  url: URL,
): Promise<boolean> {
  if (!isCallable(url, deps)) return false;
  const isOwn = [regionOrigin(deps), ...Object.values(deps.origins)].some((origin) =>
    isSamePlace(new URL(origin), url),
  );
  return !isOwn && !(await isProvenName(deps.db, url.hostname));
}

/** Many ports of one machine are tried out side by side; elsewhere a host is all of it. */
function isSamePlace(one: URL, other: URL): boolean {
  if (LOOPBACK_HOSTS.has(one.hostname) && LOOPBACK_HOSTS.has(other.hostname)) return one.port === other.port;
  return one.hostname === other.hostname;
}

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);
