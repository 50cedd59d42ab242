/** The ways in which a team may let its members sign in. */
export const SIGN_IN_METHODS = ["password", "passkey", "sso"] as const;

export type SignInMethod = (typeof SIGN_IN_METHODS)[number];
