export { authorize, type Authorization, type AuthorizeOptions, type TeamOf } from "./authorize.ts";
export { httpAuthority, type HttpAuthorityOptions } from "./http-authority.ts";
export { guard, type GuardOptions, type GuardVariables } from "./hono.ts";
export type { Authority, CheckAnswer, CheckError, CheckInput, CheckedToken } from "./authority.ts";
