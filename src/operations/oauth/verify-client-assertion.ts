import {
  decodeJwt,
  decodeProtectedHeader,
  errors,
  importJWK,
  jwtVerify,
  type JWK,
  type JWTPayload,
} from "jose";
import type { PublicJwks } from "../../domain/client.ts";
import { fitsAlgorithm, isPublicJwk, JWS_ALGORITHMS } from "../../domain/jws.ts";
import { OAUTH_PATHS } from "../../domain/oauth-endpoints.ts";
import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import type { ClientRow } from "../../store/client-authentication.ts";
import type { Deps } from "../deps.ts";
import { useJwt } from "../use-jwt.ts";

/** RFC 7523, section 2.2. */
export const CLIENT_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** Those of libraries have under 1,000; some carry a chain of certificates, which nobody reads. */
const MOST_CHARACTERS = 8_192;

/** RFC 7523, section 3: how far ahead one may expire, since it has to be remembered until then. */
const MOST_SECONDS_AHEAD = 600;

/** So far may the client's clock be from ours. */
const TOLERANCE_SECONDS = 60;

type Claims = JWTPayload & { readonly exp: number; readonly jti: string };

/** Whose assertion it says it is, null: nobody's; nothing is believed of it yet. */
export function subjectOfAssertion(assertion: string): string | null {
  if (assertion.length > MOST_CHARACTERS) return null;
  try {
    return decodeJwt(assertion).sub ?? null;
  } catch {
    return null;
  }
}

/**
 * Whether a client proves itself by a JWT that one of its keys has signed (RFC 7523, section 3; OpenID Connect
 * Core, section 9, `private_key_jwt`). Each may be used once.
 * @param url of the endpoint that is called, in the deployment's own origin
 * @throws {Unavailable} when it cannot be told in time whether it was used before
 */
export async function verifyClientAssertion(
  deps: Deps,
  client: Pick<ClientRow, "id" | "jwks">,
  assertion: string,
  url: string,
): Promise<Result<null, OAuthRefusal>> {
  if (assertion.length > MOST_CHARACTERS) return refused("it is too large.");
  const read = readHeader(assertion);
  if (!read.ok) return read;
  const verified = await verifyByKeys(deps, client, assertion, read.value);
  if (!verified.ok) return verified;
  const claims = checkClaims(deps, client.id, url, verified.value);
  if (!claims.ok) return claims;
  const { jti, exp } = claims.value;
  const once = { jti, expiresAt: (exp + TOLERANCE_SECONDS) * 1000 + 1 };
  const isFirst = await useJwt(deps, { ...once, whose: ["assertion", client.id] });
  return isFirst ? ok(null) : refused("its jti was used before. Make a new one for each request.");
}

interface Header {
  readonly alg: string;
  readonly kid: string | undefined;
}

function readHeader(assertion: string): Result<Header, OAuthRefusal> {
  try {
    const { alg, kid } = decodeProtectedHeader(assertion);
    return alg !== undefined && (JWS_ALGORITHMS as readonly string[]).includes(alg)
      ? ok({ alg, kid })
      : refused(`its alg is none of ${JWS_ALGORITHMS.join(", ")}.`);
  } catch {
    return refused("it is no signed JWT.");
  }
}

async function verifyByKeys(
  { clock }: Pick<Deps, "clock">,
  { jwks }: Pick<ClientRow, "jwks">,
  assertion: string,
  { alg, kid }: Header,
): Promise<Result<JWTPayload, OAuthRefusal>> {
  const keys = keysFor(jwks, alg, kid);
  if (keys.length === 0) return refused("no key of this client has its kid and fits its alg.");
  for (const jwk of keys) {
    try {
      const key = await importJWK(jwk as JWK, alg);
      const { payload } = await jwtVerify(assertion, key, {
        algorithms: [alg],
        currentDate: new Date(clock()),
        clockTolerance: TOLERANCE_SECONDS,
      });
      return ok(payload);
    } catch (error) {
      if (error instanceof errors.JWTExpired) return refused("it has expired.");
      if (error instanceof errors.JWTClaimValidationFailed) {
        return refused("it is not valid yet, or a time in it is no number.");
      }
      // Made by another of the client's keys, perhaps.
    }
  }
  return refused("its signature is by none of the keys of this client.");
}

/** By its name where the assertion names it (RFC 7515, section 4.1.4), else every one that can have made it. */
function keysFor(jwks: PublicJwks | null, alg: string, kid: string | undefined) {
  return (jwks?.keys ?? []).filter(
    (jwk) => (kid === undefined || jwk["kid"] === kid) && isPublicJwk(jwk) && fitsAlgorithm(jwk, alg),
  );
}

function checkClaims(
  { clock, origins, region }: Pick<Deps, "clock" | "origins" | "region">,
  clientId: string,
  url: string,
  claims: JWTPayload,
): Result<Claims, OAuthRefusal> {
  const { iss, sub, aud, exp, iat, jti } = claims;
  const nowSeconds = clock() / 1000;
  if (iss !== clientId || sub !== clientId) return refused("its iss and sub have to be the client_id.");
  // One audience, or another server could use at us what it was sent (RFC 9700, section 4.4; RFC 9126, section 2).
  const [audience, ...others] = typeof aud === "string" ? [aud] : (aud ?? []);
  const issuer = origins[region];
  const isMeant = audience === issuer || audience === issuer + OAUTH_PATHS.token || audience === url;
  if (!isMeant || others.length > 0)
    return refused("its aud has to be the issuer of this region, and nothing else.");
  if (exp === undefined) return refused("its exp is missing.");
  if (exp > nowSeconds + MOST_SECONDS_AHEAD + TOLERANCE_SECONDS) {
    return refused(`its exp is more than ${MOST_SECONDS_AHEAD} s ahead.`);
  }
  if (iat !== undefined && iat > nowSeconds + TOLERANCE_SECONDS) return refused("its iat is in the future.");
  if (typeof jti !== "string" || jti === "") return refused("its jti is missing.");
  return ok({ ...claims, exp, jti });
}

function refused(why: string): Result<never, OAuthRefusal> {
  return err({ kind: "client_assertion_invalid", why });
}
