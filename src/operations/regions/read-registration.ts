import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from "jose";
import type { Refusal } from "../../domain/refusal.ts";
import type { RegionCode } from "../../domain/region.ts";
import {
  homeOf,
  readRegistration as readClaims,
  REGISTRATION_TYPE,
  type Registration,
} from "../../domain/registration.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import type { Deps } from "../deps.ts";
import { SIGNING_ALGORITHM } from "../oauth/signing-keys.ts";

/** How old a message may be, and how far ahead its sender's clock. */
const WINDOW_SECONDS = 300;

export interface VouchedRegistration {
  readonly home: RegionCode;
  readonly registration: Registration;
}

/**
 * Reads a registration that another region sends. Whose word counts is told by the client's id and by nothing else
 * in the message: a region that has gone bad can say what it likes of its own clients, and nothing of another's.
 * @throws {Unavailable} when the home region's keys cannot be had
 */
export async function readRegistration(
  deps: Deps,
  jws: string,
): Promise<Result<VouchedRegistration, Refusal>> {
  const said = readUnverified(jws);
  if (said === null) return err({ kind: "invalid_member", member: "", problem: "invalid" });
  const { kid, clientId } = said;
  const home = homeOf(clientId);
  if (home === null || home === deps.region) return err({ kind: "unknown_credential" });
  const key = await deps.regionKeys.find(home, kid);
  if (key === null) return err({ kind: "unknown_credential" });
  let payload: JWTPayload;
  try {
    ({ payload } = await jwtVerify(jws, key, {
      algorithms: [SIGNING_ALGORITHM],
      typ: REGISTRATION_TYPE,
      issuer: deps.origins[home],
      audience: deps.origins[deps.region],
      currentDate: new Date(deps.clock()),
      clockTolerance: WINDOW_SECONDS,
      maxTokenAge: WINDOW_SECONDS,
      requiredClaims: ["iss", "aud", "iat"],
    }));
  } catch (error) {
    if (error instanceof errors.JOSEError) return err({ kind: "unknown_credential" });
    throw error;
  }
  const registration = readClaims(payload);
  // What was verified is what counts, and it has to speak of the client that it was verified for.
  return registration === null || registration.clientId !== clientId
    ? err({ kind: "invalid_member", member: "client", problem: "invalid" })
    : ok({ home, registration });
}

/** Nothing is believed of it yet. */
function readUnverified(jws: string): { readonly kid: string; readonly clientId: string } | null {
  try {
    const { kid } = decodeProtectedHeader(jws);
    const registration = readClaims(decodeJwt(jws));
    return kid === undefined || registration === null ? null : { kid, clientId: registration.clientId };
  } catch {
    return null;
  }
}
