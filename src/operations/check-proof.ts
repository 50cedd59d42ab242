import type { ProofProblem } from "../domain/proof.ts";
import type { Deps } from "./deps.ts";
import { useJwt } from "./use-jwt.ts";
import type { Question } from "./verdict.ts";
import { verifyProof } from "./verify-proof.ts";

/**
 * What keeps a token from being used as it was sent: one that is bound to a key needs a proof by it, new for each
 * request and so for each check, and one that is not is no token for the scheme DPoP (RFC 9449, section 7).
 * @param proofKey thumbprint of the key that the token is bound to, null: none
 * @returns null: nothing
 * @throws {Unavailable} when it cannot be told in time whether the proof was used before
 */
export async function proofProblem(
  deps: Pick<Deps, "clock" | "db" | "startTimer">,
  proofKey: string | null,
  { token, proof }: Pick<Question, "token" | "proof">,
): Promise<ProofProblem | null> {
  if (proof === null) return "missing";
  if (proofKey === null) return "unbound";
  const verified = await verifyProof(deps, proof, token);
  if (!verified.ok) return verified.error;
  if (verified.value.key !== proofKey) return "key";
  // Last, so that only who has the key makes the store write.
  return (await useJwt(deps, verified.value.once)) ? null : "replayed";
}
