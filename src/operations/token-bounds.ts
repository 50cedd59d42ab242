import { formatBlock, intersectBlocks, parseBlock } from "../domain/address.ts";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { parseBlocks } from "./allowed-address.ts";
import type { Caller } from "./caller.ts";

/** A token made by a token ends no later than its maker; times in milliseconds, null: never. */
export function boundExpiry(expiresAt: number | null, caller: Caller): number | null {
  const bounds = [expiresAt, caller.kind === "token" ? caller.token.expiresAt : null].filter(
    (bound) => bound !== null,
  );
  return bounds.length === 0 ? null : Math.min(...bounds);
}

/** A token made by a token works from no other address than its maker; with no address in common, not at all. */
export function boundAddresses(
  requested: readonly string[] | null,
  caller: Caller,
): Result<string[] | null, Refusal> {
  const own = requested?.map(parseBlock) ?? null;
  const unreadable = own?.indexOf(null) ?? -1;
  if (unreadable >= 0) {
    return err({ kind: "invalid_member", member: `allowed_ips[${unreadable}]`, problem: "invalid" });
  }
  const wanted = own?.filter((block) => block !== null) ?? null;
  const bound = caller.kind === "token" ? caller.token.allowedIps : null;
  if (bound === null) return ok(wanted?.map(formatBlock) ?? null);
  if (wanted === null) return ok([...bound]);
  const common = intersectBlocks(wanted, parseBlocks(bound));
  return common.length === 0 ? err({ kind: "no_common_address" }) : ok(common.map(formatBlock));
}
