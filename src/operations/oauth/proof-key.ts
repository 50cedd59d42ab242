import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { PROOF_PROBLEMS, type ProofProblem } from "../../domain/proof.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import type { Deps } from "../deps.ts";
import { useJwt } from "../use-jwt.ts";
import { verifyProof } from "../verify-proof.ts";
import type { OAuthRequest } from "./request.ts";

/**
 * The key by which a request proves itself (RFC 9449, section 4.3). The proof is used up, whatever comes of the
 * request: a client makes a new one for each, retries included.
 * @returns its SHA-256 thumbprint, null when no proof was sent
 * @throws {Unavailable} when it cannot be told in time whether the proof was used before
 */
export async function proofKeyOf(
  deps: Deps,
  { proof, method, url }: OAuthRequest,
): Promise<Result<string | null, OAuthRefusal>> {
  if (proof === null) return ok(null);
  // The origin is the deployment's own, whatever host the request names.
  const here = deps.origins[deps.region] + new URL(url).pathname;
  const verified = await verifyProof(deps, { jwt: proof, method, url: here }, null);
  if (!verified.ok) return refused(verified.error);
  return (await useJwt(deps, verified.value.once)) ? ok(verified.value.key) : refused("replayed");
}

function refused(problem: ProofProblem): Result<never, OAuthRefusal> {
  return err({ kind: "proof_invalid", why: PROOF_PROBLEMS[problem] });
}
