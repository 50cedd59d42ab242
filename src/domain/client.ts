/** The five client types (contract, section 6); seed 002 names them otherwise. */
export const CLIENT_TYPES = ["browser", "server", "mobile", "device", "self"] as const;

export type ClientType = (typeof CLIENT_TYPES)[number];

/** A JSON Web Key Set with public keys only (RFC 7517). */
export interface PublicJwks {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

export const AUTHORIZATION_CODE = "authorization_code";
export const REFRESH_TOKEN = "refresh_token";
export const CLIENT_CREDENTIALS = "client_credentials";
export const DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code";
export const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";

export type GrantType =
  | typeof AUTHORIZATION_CODE
  | typeof REFRESH_TOKEN
  | typeof CLIENT_CREDENTIALS
  | typeof DEVICE_CODE
  | typeof TOKEN_EXCHANGE;

/** What a type of client is, and what follows for its registration and its requests. */
export interface ClientTypeRules {
  /** Keeps a secret, and authenticates by it; the others are public (RFC 6749, section 2.1). */
  readonly confidential: boolean;
  /** Which redirect URIs it registers, null: none at all. */
  readonly redirects: "web" | "native" | null;
  /** Registers origins of its scripts. */
  readonly origins: boolean;
  readonly homepage: boolean;
  readonly grants: readonly GrantType[];
}

export const CLIENT_TYPE_RULES: Readonly<Record<ClientType, ClientTypeRules>> = {
  browser: {
    confidential: false,
    redirects: "web",
    origins: true,
    homepage: true,
    grants: [AUTHORIZATION_CODE, REFRESH_TOKEN, TOKEN_EXCHANGE],
  },
  server: {
    confidential: true,
    redirects: "web",
    origins: false,
    homepage: true,
    grants: [AUTHORIZATION_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS, TOKEN_EXCHANGE],
  },
  mobile: {
    confidential: false,
    redirects: "native",
    origins: false,
    homepage: true,
    grants: [AUTHORIZATION_CODE, REFRESH_TOKEN, TOKEN_EXCHANGE],
  },
  device: {
    confidential: false,
    redirects: null,
    origins: false,
    homepage: true,
    grants: [DEVICE_CODE, REFRESH_TOKEN, TOKEN_EXCHANGE],
  },
  self: {
    confidential: true,
    redirects: null,
    origins: false,
    homepage: false,
    grants: [AUTHORIZATION_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS, TOKEN_EXCHANGE],
  },
};
