import type { Holder } from "../domain/permission.ts";
import type { CheckableToken } from "../store/access-tokens.ts";

/** Who calls the management API. */
export type Caller =
  | { readonly kind: "operator" }
  | { readonly kind: "token"; readonly token: CheckableToken };

/** How audit rows and `created_by` name a caller. */
export function actorOf(caller: Caller): string {
  return caller.kind === "operator" ? "operator" : caller.token.id;
}

/** What a caller can confer at most. */
export function holderOf(caller: Caller): Holder {
  return caller.kind === "operator"
    ? { kind: "everything" }
    : { kind: "permissions", permissions: caller.token.permissions };
}
