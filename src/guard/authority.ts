/** The question of `POST /v1/check` and of the RPC entrypoint `Authority` (contract, section 4). */
export interface CheckInput {
  readonly token: string;
  readonly permissions?: readonly string[];
  readonly team?: string;
  readonly ip?: string;
  readonly cost?: number;
  /** Given exactly when the caller used the scheme DPoP (RFC 9449): its proof, and what the proof has to be for. */
  readonly proof?: { readonly jwt: string; readonly method: string; readonly url: string };
}

export interface CheckedToken {
  readonly id: string;
  readonly kind: "pat" | "at";
  readonly team: string;
  readonly name: string;
  readonly profile_id: string | null;
  readonly client_id: string | null;
  readonly user_id: string | null;
  readonly permissions: readonly string[];
  readonly expires_at: string | null;
}

/** A refusal, ready to be sent on to the caller. */
export interface CheckError {
  readonly status: number;
  readonly error_code: string;
  readonly error_description: string;
  readonly localized_error_description: string;
  readonly missing?: readonly string[];
  readonly region?: { readonly code: string; readonly base_url: string };
  /** Seconds. */
  readonly retry_after?: number;
}

export interface CheckAnswer {
  readonly allowed: boolean;
  /** Null when allowed, and when the question could not be answered; then `error` says why. */
  readonly reason: string | null;
  readonly missing: readonly string[];
  /** Of a token that belongs to another region: where to take it. */
  readonly region?: { readonly code: string; readonly base_url: string };
  readonly token: CheckedToken | null;
  readonly rate_limit: {
    readonly limit: number;
    readonly remaining: number;
    readonly reset_seconds: number;
  } | null;
  readonly as_of: string;
  readonly error: CheckError | null;
}

/** Whoever answers: a service binding to Jeton's entrypoint `Authority`, or `httpAuthority(…)`. */
export interface Authority {
  check(input: CheckInput, options?: { readonly acceptLanguage?: string }): Promise<CheckAnswer>;
}
