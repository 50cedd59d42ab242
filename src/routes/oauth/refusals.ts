import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import type { Origins } from "../refusals.ts";

/** An OAuth error as the wire has it (RFC 6749, section 5.2). */
export interface OAuthError {
  readonly status: 400 | 401 | 413 | 429 | 503;
  readonly error: string;
  /** Printable ASCII without quotes or backslashes (RFC 6749, section 5.2); repeats nothing that was sent. */
  readonly description: string;
  /** Seconds. */
  readonly retryAfter?: number;
}

/** Every refusal, by its name in RFC 6749, 6750, 7636, 8628, 8707, 9126 or 9449. */
export function oauthError(refusal: OAuthRefusal, origins: Origins): OAuthError {
  switch (refusal.kind) {
    case "parameter_missing":
      return request(`The parameter ${refusal.parameter} is missing.`);
    case "parameter_repeated":
      return request(`The parameter ${refusal.parameter} was sent more than once.`);
    case "parameter_invalid":
      return request(`The parameter ${refusal.parameter} has a value that it cannot have.`);
    case "body_unreadable":
      return request("The body is neither a form nor multipart, or cannot be read.");
    case "body_too_large":
      // RFC 9126, section 2.3.
      return { status: 413, error: "invalid_request", description: "The request is too large." };
    case "two_client_authentications":
      return request("The client authenticated in more than one way. Use one.");
    case "bearer_in_query":
      return request("A token does not belong into the query string under this name.");
    case "challenge_method_unsupported":
      return request("The code_challenge_method has to be S256.");
    case "challenge_required":
      return request("This client is public and has to send a code_challenge (PKCE, S256).");
    case "response_type_unsupported":
      return {
        status: 400,
        error: "unsupported_response_type",
        description: "The response_type has to be code.",
      };
    case "request_uri_required_alone":
      return request("With request_uri only client_id may be sent; all else was pushed before.");
    case "redirect_uri_refused":
      return request("The redirect_uri is not one that is registered for this client.");
    case "client_missing":
      return client("No client_id was sent.");
    case "client_unknown":
      return client("No client has this client_id.");
    case "client_elsewhere":
      return client(
        `This client is registered in region ${refusal.region} and not enabled here. Use ${origins[refusal.region]}.`,
      );
    case "client_secret_missing":
      return client("This client has to authenticate, by its secret or key.");
    case "client_secret_wrong":
      return client("The client_secret is not one of this client, or no longer.");
    case "client_assertion_invalid":
      return client(`The client_assertion was refused: ${refusal.why}`);
    case "service_key_wrong":
      return { status: 401, error: "invalid_token", description: "This service key is not in force here." };
    case "service_key_elsewhere":
      return {
        status: 401,
        error: "invalid_token",
        description: `This service key belongs to region ${refusal.region}. Use ${origins[refusal.region]}.`,
      };
    case "grant_type_unsupported":
      return {
        status: 400,
        error: "unsupported_grant_type",
        description: "This grant_type is not supported.",
      };
    case "grant_type_not_for_client":
      return {
        status: 400,
        error: "unauthorized_client",
        description: `A client of type ${refusal.type} cannot use this grant.`,
      };
    case "scope_missing":
      return scope("No scope was sent.");
    case "scope_too_long":
      return scope(`The scope has more than ${refusal.limit} parts.`);
    case "scope_unknown":
      return scope("The scope names a permission that no catalogue has.");
    case "scope_requires":
      return scope(`The scope needs this as well: ${refusal.missing.join(" ")}`);
    case "scope_beyond_client":
      return scope(
        `The scope goes beyond what this client may ever be granted: ${refusal.missing.join(" ")}`,
      );
    case "scope_beyond_grant":
      return scope(`The scope goes beyond what was granted: ${refusal.missing.join(" ")}`);
    case "scope_beyond_user":
      return {
        status: 400,
        error: "access_denied",
        description: `The user does not hold this in the team: ${refusal.missing.join(" ")}`,
      };
    case "target_invalid":
      return {
        status: 400,
        error: "invalid_target",
        description: "The resource is not one that was granted.",
      };
    case "credential_unknown":
      return grant(`This is not a ${refusal.credential} of this region.`);
    case "credential_elsewhere":
      return grant(
        `This ${refusal.credential} belongs to region ${refusal.region}. Use ${origins[refusal.region]}.`,
      );
    case "credential_expired":
      return grant(`The ${refusal.credential} has expired.`);
    case "credential_used":
      return grant(`The ${refusal.credential} was used before.`);
    case "credential_ended":
      return grant(`The ${refusal.credential} was revoked.`);
    case "credential_evicted":
      return grant("The refresh token was ended to make room for a newer one of the same user and client.");
    case "credential_of_another_client":
      return grant(`The ${refusal.credential} was issued to another client.`);
    case "redirect_uri_differs":
      return grant("The redirect_uri is not the one of the authorization request.");
    case "redirect_uri_unregistered":
      return grant("The redirect_uri is not one that is registered for this client.");
    case "verifier_missing":
      return grant("The code_verifier is missing: the authorization request had a code_challenge.");
    case "verifier_wrong":
      return grant("The code_verifier does not match the code_challenge of the authorization request.");
    case "verifier_without_challenge":
      return grant("A code_verifier was sent, but the authorization request had no code_challenge.");
    case "user_gone":
      return grant("The user is no longer a member of the team.");
    case "nothing_left":
      return grant("The user holds nothing any more of what was granted.");
    case "subject_token_invalid":
      // RFC 8693, section 2.2.2: whatever is wrong with a subject token is called this.
      return request(oauthError(refusal.cause, origins).description);
    case "client_expired":
      return {
        status: 400,
        error: "unauthorized_client",
        description:
          "The token that registered this client has expired, and with it what its secret alone gives.",
      };
    case "team_suspended":
      return grant("The team is suspended.");
    case "proof_invalid":
      return {
        status: 400,
        error: "invalid_dpop_proof",
        description: `The DPoP proof was refused: ${refusal.why}`,
      };
    case "proof_required":
      return grant("This token is bound to a key; a DPoP proof by that key is needed.");
    case "authorization_pending":
      return { status: 400, error: "authorization_pending", description: "Nobody has decided yet." };
    case "slow_down":
      return {
        status: 400,
        error: "slow_down",
        description: `Asked too often. Wait ${refusal.intervalSeconds} seconds between two requests from now on.`,
      };
    case "device_code_expired":
      return { status: 400, error: "expired_token", description: "The device code has expired." };
    case "access_denied":
      return { status: 400, error: "access_denied", description: "The request was denied." };
    case "form_from_elsewhere":
      return request("This form was not sent from its own page. Open that again.");
    case "login_required":
      return { status: 400, error: "login_required", description: "Nobody is signed in as is needed." };
    case "consent_required":
      return {
        status: 400,
        error: "consent_required",
        description: "The user has to be asked, and the request forbids it.",
      };
    case "no_team":
      return {
        status: 400,
        error: "access_denied",
        description: "The user is in no team in which this could be allowed.",
      };
    case "other_account":
      return {
        status: 400,
        error: "access_denied",
        description: "Another account than the one that is signed in has to decide this.",
      };
    case "rate_limited":
      return {
        status: 429,
        error: "rate_limited",
        description: `Too many ${refusal.what}. Try again in ${refusal.retryAfterSeconds} s.`,
        retryAfter: refusal.retryAfterSeconds,
      };
    case "unavailable":
      return {
        status: 503,
        error: "temporarily_unavailable",
        description: `No reliable answer is possible at the moment. Try again in ${refusal.retryAfterSeconds} s.`,
        retryAfter: refusal.retryAfterSeconds,
      };
  }
}

function request(description: string): OAuthError {
  return { status: 400, error: "invalid_request", description };
}

function client(description: string): OAuthError {
  return { status: 401, error: "invalid_client", description };
}

function scope(description: string): OAuthError {
  return { status: 400, error: "invalid_scope", description };
}

function grant(description: string): OAuthError {
  return { status: 400, error: "invalid_grant", description };
}
