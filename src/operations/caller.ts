import type { Holder } from "../domain/permission.ts";
import type { CheckableToken, Membership } from "../store/access-tokens.ts";
import { holderOfMembership } from "./held-permissions.ts";

/** Who calls the management API. */
export type Caller =
  | { readonly kind: "operator" }
  | { readonly kind: "token"; readonly token: CheckableToken }
  | {
      readonly kind: "session";
      readonly sessionId: string;
      readonly userId: string;
      /** In the team that the request is about. */
      readonly membership: Membership;
    };

/** The credential that acts, as audit rows name it. */
export function actorOf(caller: Caller): string {
  switch (caller.kind) {
    case "operator":
      return "operator";
    case "token":
      return caller.token.id;
    case "session":
      return caller.sessionId;
  }
}

/** Whose credential that is: the person who acts by it, else whoever made it. */
export function ownerOf(caller: Caller): string {
  switch (caller.kind) {
    case "operator":
      return "operator";
    case "token":
      return caller.token.userId ?? caller.token.createdBy;
    case "session":
      return caller.userId;
  }
}

/** How `created_by` and `invited_by` name a caller: a person outlives the session or token that they act by. */
export function makerOf(caller: Caller): string {
  switch (caller.kind) {
    case "operator":
      return "operator";
    case "token":
      return caller.token.userId ?? caller.token.id;
    case "session":
      return caller.userId;
  }
}

/** What a caller can confer at most. */
export function holderOf(caller: Caller): Holder {
  switch (caller.kind) {
    case "operator":
      return { kind: "everything" };
    case "token":
      return { kind: "permissions", permissions: caller.token.permissions };
    case "session":
      return holderOfMembership(caller.membership);
  }
}
