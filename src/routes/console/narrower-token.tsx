import type { UnusedPermissions } from "../../operations/report-unused-permissions.ts";
import type { Words } from "./words/index.ts";
import { fill } from "./words/fill.ts";

const DAY_SECONDS = 86_400;

/** Opens the *Access token* form with a narrower token filled in; nothing is made before its **Add**. */
export function NarrowerToken({
  token,
  base,
  words: { reports: text },
}: {
  readonly token: NonNullable<UnusedPermissions["create_instead"]>;
  readonly base: string;
  readonly words: Words;
}) {
  const { name, profile_id: profile = "", permissions, expires_in: seconds } = token;
  const { allowed_ips: addresses = [], rate_limit: limit } = token;
  const fields: readonly (readonly [name: string, value: string])[] = [
    ["name", name],
    ["profile_id", profile],
    ...permissions.map((permission) => ["permission", permission] as const),
    // Whole days, as the form has them, and no more of them than the old one has left.
    ["days", seconds === undefined ? "" : String(Math.max(1, Math.floor(seconds / DAY_SECONDS)))],
    ["addresses", addresses.join("\n")],
    ["limit", limit === undefined ? "" : String(limit.limit)],
    ["limit_seconds", String(limit?.window_seconds ?? 60)],
  ];
  return (
    <form method="post" action={`${base}/access-tokens/new`}>
      {fields.map(([field, value]) => (
        <input type="hidden" name={field} value={value} />
      ))}
      <button
        type="submit"
        name="do"
        value="summary"
        class="quiet"
        aria-label={fill(text.narrowerOf, { name })}
      >
        {text.narrower}
      </button>
    </form>
  );
}
