/** Every way in which a person is told no about their own account, or on the way into it. */
export type AccountRefusal =
  | { readonly kind: "rate_limited"; readonly retryAfterSeconds: number }
  /** An identity provider let them in: it must not decide how an account that other teams know is opened. */
  | { readonly kind: "came_by_sso" }
  | { readonly kind: "wrong_password" }
  /** There is none to show that it is the person who asks. */
  | { readonly kind: "no_password" }
  /** The new one is too short or too long. */
  | { readonly kind: "bad_password" }
  | { readonly kind: "wrong_code" }
  /** What was begun is over: finished, begun in another browser, or too long ago. */
  | { readonly kind: "stale_step" }
  | { readonly kind: "stale_link" }
  | { readonly kind: "bad_name" }
  | { readonly kind: "passkey_refused" }
  | { readonly kind: "passkey_known" }
  | { readonly kind: "too_many_passkeys" }
  | { readonly kind: "totp_on" }
  | { readonly kind: "totp_off" };

/** Of a password that is set (contract, section 5, `owner.password`). */
export const PASSWORD_LENGTH = { min: 8, max: 128 } as const;
