import { isSentWithProof } from "../domain/bearer.ts";
import type { SentProof } from "../domain/proof.ts";
import type { Deps } from "../operations/deps.ts";

/**
 * The proof of a request to this API that sends its token under the scheme DPoP (RFC 9449, section 7.1), else
 * null. It has to be for the region's own origin, whatever host the request names.
 */
export function sentProof(
  { origins, region }: Pick<Deps, "origins" | "region">,
  request: Request,
): SentProof | null {
  const { headers, method, url } = request;
  if (!isSentWithProof(headers.get("Authorization"))) return null;
  return { jwt: headers.get("DPoP") ?? "", method, url: origins[region] + new URL(url).pathname };
}
