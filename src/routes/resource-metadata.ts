import { OAUTH_PATHS } from "../domain/oauth-endpoints.ts";
import type { Deps } from "../operations/deps.ts";

/** Where this API says who issues tokens for it (RFC 9728). */
export function metadataUrlOf({ origins, region }: Pick<Deps, "origins" | "region">): string {
  return origins[region] + OAUTH_PATHS.resourceMetadata;
}
