/** The parameters of an OAuth request, from wherever they came; each at most once, `resource` excepted. */
export interface OAuthParameters {
  /** Null when it was not sent, or sent empty (RFC 6749, section 3.1). */
  get(name: string): string | null;
  /** Resource indicators (RFC 8707), in the order in which they were sent. */
  readonly resources: readonly string[];
  /** All of them, by name; what a repeated request has to have alike. */
  readonly entries: readonly (readonly [name: string, value: string])[];
}

/** An OAuth request as the operations see it. */
export interface OAuthRequest {
  readonly parameters: OAuthParameters;
  /** What the Authorization header says by the scheme Basic, null: nothing. */
  readonly basic: { readonly clientId: string; readonly secret: string } | null;
  /** The platform's word on where it came from. */
  readonly ip: string | null;
  /** The DPoP header (RFC 9449), null: none was sent. */
  readonly proof: string | null;
  /** Method and URL without query, as a DPoP proof names them. */
  readonly method: string;
  readonly url: string;
}

/** @param pairs in the order in which they came; names other than `resource` once each */
export function oauthParameters(pairs: readonly (readonly [string, string])[]): OAuthParameters {
  const values = new Map(pairs);
  return {
    // Sent without a value is not sent (RFC 6749, section 3.1).
    get: (name) => values.get(name) || null,
    resources: pairs.filter(([name, value]) => name === "resource" && value !== "").map(([, value]) => value),
    entries: pairs,
  };
}
