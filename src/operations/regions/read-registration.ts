import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from "jose";
import type { Refusal } from "../../domain/refusal.ts";
import { REGION_CODES, type RegionCode } from "../../domain/region.ts";
import {
  homeOf,
  readRegistration as readClaims,
  REGISTRATION_TYPE,
  type Registration,
} from "../../domain/registration.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { findForeignClient } from "../../store/foreign-clients.ts";
import type { Deps } from "../deps.ts";
import { SIGNING_ALGORITHM } from "../oauth/signing-keys.ts";
import { isHomeOf } from "./current-home.ts";

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
  const { kid, clientId, issuer } = said;
  const home = REGION_CODES.find((code) => deps.origins[code] === issuer);
  if (home === undefined || home === deps.region) return err({ kind: "unknown_credential" });
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
  // Only now: whoever cannot sign for a region makes this one ask nobody.
  if (!(await mayRegister(deps, clientId, home))) return err({ kind: "unknown_credential" });
  const registration = readClaims(payload);
  // What was verified is what counts, and it has to speak of the client that it was verified for.
  return registration === null || registration.clientId !== clientId
    ? err({ kind: "invalid_member", member: "client", problem: "invalid" })
    : ok({ home, registration });
}

/**
 * The region that the client's id names may speak of it, as long as nobody else has; any other one only at the word of
 * that one, which knows where the client's team has moved.
 */
async function mayRegister(deps: Deps, clientId: string, region: RegionCode): Promise<boolean> {
  const known = await findForeignClient(deps.db, clientId);
  const isPlain = homeOf(clientId) === region && (known?.homeRegion ?? region) === region;
  return isPlain || isHomeOf(deps, clientId, region);
}

interface Said {
  readonly kid: string;
  readonly clientId: string;
  readonly issuer: string;
}

/** Nothing is believed of it yet. */
function readUnverified(jws: string): Said | null {
  try {
    const { kid } = decodeProtectedHeader(jws);
    const claims = decodeJwt(jws);
    const registration = readClaims(claims);
    if (kid === undefined || registration === null) return null;
    return { kid, clientId: registration.clientId, issuer: claims.iss ?? "" };
  } catch {
    return null;
  }
}
