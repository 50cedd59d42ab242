/**
 * Why a single sign-on did not end in a session or a connected account. These are told on pages and never
 * by the API, so they have texts and no error codes.
 */
export type SsoRefusal =
  | { readonly kind: "rate_limited"; readonly retryAfterSeconds: number }
  /** There is no such connection, or no longer. */
  | { readonly kind: "unknown_connection" }
  | { readonly kind: "team_suspended" }
  /** The team does not let its members sign in this way. */
  | { readonly kind: "sso_not_allowed" }
  /** Its metadata, its answer or its ID token is not what the standards ask for. */
  | { readonly kind: "provider_failed"; readonly detail: string | null }
  /** The provider answered with an error: the person declined, or was not let in there. */
  | { readonly kind: "provider_declined" }
  /** Begun in another browser, finished already, or too long ago. */
  | { readonly kind: "stale_flow" }
  /** No verified address, or one in a domain that the connection or the team does not have. */
  | { readonly kind: "address_not_admitted" }
  | { readonly kind: "not_invited" }
  /** The invitation gives more than whoever set the connection up could give. */
  | { readonly kind: "invitation_beyond_connection" }
  /** The address has an account, which its address alone does not open. */
  | { readonly kind: "account_exists" }
  | { readonly kind: "not_a_member" }
  /** To connect an account one has to be signed in to it, and not by single sign-on. */
  | { readonly kind: "sign_in_first" }
  /** The provider's account belongs to another person here, or the person has another one there. */
  | { readonly kind: "already_connected" };
