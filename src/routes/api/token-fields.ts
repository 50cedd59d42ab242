import * as v from "valibot";
import { MAX_WRITTEN_PERMISSIONS } from "../../domain/narrower-token.ts";
import type { TokenRequest } from "../../operations/issue-token.ts";
import { nameSchema, profileIdSchema } from "./fields.ts";

const MAX_ADDRESSES = 100;
const DAY_SECONDS = 86_400;
const MAX_RATE_LIMIT = 1_000_000;

const permissionList = v.optional(v.pipe(v.array(v.string()), v.maxLength(MAX_WRITTEN_PERMISSIONS)), []);

export function wholeNumber(max: number) {
  return v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(max));
}

/** What a request says of an access token, wherever the token itself comes from. */
export const tokenMembers = {
  name: nameSchema,
  profile_id: v.optional(profileIdSchema),
  permissions: permissionList,
  permission_sets: permissionList,
  allowed_ips: v.optional(v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(MAX_ADDRESSES))),
  rate_limit: v.optional(
    v.strictObject({ limit: wholeNumber(MAX_RATE_LIMIT), window_seconds: wholeNumber(DAY_SECONDS) }),
  ),
};

type TokenMembers = v.InferOutput<v.StrictObjectSchema<typeof tokenMembers, undefined>>;

/** The same in the operations' words. */
export function requestedToken(body: TokenMembers): Omit<TokenRequest, "expiresInSeconds"> {
  return {
    name: body.name,
    profileId: body.profile_id ?? null,
    permissions: body.permissions,
    permissionSets: body.permission_sets,
    allowedIps: body.allowed_ips ?? null,
    rateLimit:
      body.rate_limit === undefined
        ? null
        : { limit: body.rate_limit.limit, windowSeconds: body.rate_limit.window_seconds },
  };
}
