import { decodeProtectedHeader, errors, jwtVerify } from "jose";
import {
  MOVE_STATEMENT_TYPE,
  moveClaims,
  readMoveStatement,
  type MoveStatement,
  type MoveStep,
} from "../../domain/team-move.ts";
import type { TeamMoveRow } from "../../store/team-moves.ts";
import type { Deps } from "../deps.ts";
import { signJwt } from "../oauth/sign-jwt.ts";
import { SIGNING_ALGORITHM } from "../oauth/signing-keys.ts";

const STEPS: readonly string[] = ["handed_over", "taken", "declined"] satisfies MoveStep[];

/** What this region has to say of a move to the other one, signed; null: nothing, or nothing any more. */
export async function statementOf(deps: Deps, move: TeamMoveRow): Promise<string | null> {
  // A place that is not settled yet is not spoken of.
  const isSettled = move.state === "declined" || move.effectiveBy !== null;
  if (!STEPS.includes(move.state) || !isSettled) return null;
  const { id, teamId, startedAt, sha256, effectiveBy } = move;
  const step = move.state as MoveStep;
  const claims = {
    iss: deps.origins[deps.region],
    aud: deps.origins[move.region],
    iat: Math.floor(deps.clock() / 1000),
    ...moveClaims({
      move: id,
      team: teamId,
      step,
      startedAt,
      sha256: step === "declined" ? null : sha256,
      notBefore: step === "handed_over" ? effectiveBy : null,
    }),
  };
  return signJwt(deps, claims, MOVE_STATEMENT_TYPE);
}

/**
 * What the other region of a move says of it; null: this is not its word, or not about this move. It stays true, and
 * so holds however old it is.
 * @throws {Unavailable} when the other region's keys cannot be had
 */
export async function readStatement(
  deps: Deps,
  { id, teamId, region }: Pick<TeamMoveRow, "id" | "teamId" | "region">,
  jws: string,
): Promise<MoveStatement | null> {
  const kid = kidOf(jws);
  const key = kid === null ? null : await deps.regionKeys.find(region, kid);
  if (key === null) return null;
  try {
    const { payload } = await jwtVerify(jws, key, {
      algorithms: [SIGNING_ALGORITHM],
      typ: MOVE_STATEMENT_TYPE,
      issuer: deps.origins[region],
      audience: deps.origins[deps.region],
      requiredClaims: ["iss", "aud"],
    });
    const statement = readMoveStatement(payload);
    return statement?.move === id && statement.team === teamId ? statement : null;
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}

function kidOf(jws: string): string | null {
  try {
    return decodeProtectedHeader(jws).kid ?? null;
  } catch {
    return null;
  }
}
