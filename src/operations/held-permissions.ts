import { OWNER_ROLE } from "../domain/role.ts";
import { intersect, type Holder } from "../domain/permission.ts";
import type { CheckableToken, Membership } from "../store/access-tokens.ts";

/** What a member holds through a role. A role that is gone confers nothing. */
export function holderOfMembership({ role, permissions }: Membership): Holder {
  return role === OWNER_ROLE
    ? { kind: "everything" }
    : { kind: "permissions", permissions: permissions ?? [] };
}

/**
 * A token that acts for a user confers no more than that user holds now: a demoted member's shrinks to
 * what is left, a removed member's has ended (contract, section 5). Team tokens act for nobody.
 */
export function asHeld(token: CheckableToken): CheckableToken {
  if (token.userId === null) return token;
  if (token.membership === null) return { ...token, revokedAt: token.revokedAt ?? token.createdAt };
  const permissions = intersect(holderOfMembership(token.membership), token.permissions);
  return { ...token, permissions: [...permissions] };
}
