import { authorizationCode } from "./authorization-code.ts";
import type { Grant } from "./grant.ts";
import { refreshToken } from "./refresh-token.ts";

/** Every grant type that the token endpoint takes; the metadata is derived from this list (RFC 8414). */
export const GRANTS: readonly Grant[] = [authorizationCode, refreshToken];
