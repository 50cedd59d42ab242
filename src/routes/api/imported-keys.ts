import * as v from "valibot";
import { HASH_FORMATS } from "../../domain/imported-key.ts";
import { ok } from "../../domain/result.ts";
import { importKeys, type ImportedKeys } from "../../operations/import-keys.ts";
import { isoTime } from "./present.ts";
import { route, type Route } from "./route.ts";
import { parseTime, TIME_WRITING } from "./times.ts";
import { requestedToken, tokenMembers } from "./token-fields.ts";

const MAX_KEYS = 500;

const importBody = v.strictObject({
  keys: v.pipe(
    v.array(
      v.strictObject({
        ...tokenMembers,
        hash: v.pipe(v.string(), v.maxLength(64), v.description("SHA-256 of the whole key in UTF-8.")),
        hash_format: v.optional(v.picklist(HASH_FORMATS), "sha256-hex"),
        expires_at: v.optional(
          v.nullable(
            v.pipe(
              v.string(),
              v.check((text) => parseTime(text) !== null),
              v.description(TIME_WRITING),
            ),
          ),
          null,
        ),
      }),
    ),
    v.minLength(1),
    v.maxLength(MAX_KEYS),
  ),
});

/*
 * A path of its own, since `/access-tokens/…` is followed by an id. What it makes are access tokens: they are
 * listed, shown and revoked as such.
 */
export const importedKeyRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/teams/{team}/imported-keys",
    summary: "Take over keys that were made elsewhere, by their hashes, all or none.",
    access: { kind: "team", permission: "EMM.AccessTokens.CREATE" },
    body: importBody,
    idempotent: true,
    answers: { status: 201, body: "ImportedKeys" },
    refuses: [409],
    handle: async ({ deps, params, body, actor, moment, keepAnswer }) => {
      const keys = body.keys.map(({ hash, hash_format, expires_at, ...token }) => ({
        ...requestedToken(token),
        hash,
        hashFormat: hash_format,
        expiresAt: expires_at === null ? null : parseTime(expires_at),
      }));
      const keep = keepAnswer(201, presentImported);
      const imported = await importKeys(deps, params["team"] ?? "", keys, actor, moment, keep);
      return imported.ok ? ok({ status: 201, body: presentImported(imported.value) }) : imported;
    },
  }),
];

function presentImported({ rows, effectiveBy }: ImportedKeys) {
  return {
    imported_keys: rows.map(({ id, name }) => ({ id, name })),
    effective_by: isoTime(effectiveBy),
  };
}
