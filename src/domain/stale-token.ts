import { exceeding, type Holder } from "./permission.ts";

/** Why a token should be looked at; none of it stops the token by itself (contract, section 5). */
export type StaleReason =
  /** Not used for the whole period, and not made in it. */
  | "unused"
  /** It has expired and was never revoked. */
  | "expired"
  /** Who made it is no longer in the team. */
  | "maker_removed"
  /** Who made it holds less than it does by now. */
  | "maker_demoted"
  /** The token that made it was revoked. */
  | "maker_revoked";

/** What has become of whoever made a token. */
export type Maker =
  /** The operator, whose hold nobody takes away. */
  | { readonly kind: "operator" }
  | { readonly kind: "removed" }
  | { readonly kind: "member"; readonly holder: Holder }
  /** A token, and whoever made that in turn. */
  | { readonly kind: "token"; readonly revoked: boolean; readonly maker: Maker };

export interface HeldToken {
  readonly permissions: readonly string[];
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
  readonly expiresAt: number | null;
}

export interface Staleness {
  readonly reasons: readonly StaleReason[];
  /** What it holds and its maker does not any more, sorted. */
  readonly exceedsMaker: readonly string[];
}

/**
 * @param unusedSince milliseconds: a token that was neither used nor made since then counts as unused
 * @param now milliseconds
 */
export function stalenessOf(
  token: HeldToken,
  maker: Maker,
  { unusedSince, now }: { unusedSince: number; now: number },
): Staleness {
  const { reasons, exceedsMaker } = stalenessByMaker(token.permissions, maker);
  const found = reasonsAmong([
    ["unused", (token.lastUsedAt ?? token.createdAt) < unusedSince],
    ["expired", token.expiresAt !== null && token.expiresAt <= now],
  ]);
  return { reasons: [...found, ...reasons], exceedsMaker };
}

/** What speaks against a token that is in use, for what has become of whoever made it. */
export function stalenessByMaker(permissions: readonly string[], maker: Maker): Staleness {
  const { revoked, origin } = originOf(maker);
  const exceedsMaker = origin.kind === "member" ? exceeding(origin.holder, permissions) : [];
  const reasons = reasonsAmong([
    ["maker_removed", origin.kind === "removed"],
    ["maker_demoted", exceedsMaker.length > 0],
    ["maker_revoked", revoked],
  ]);
  return { reasons, exceedsMaker };
}

function reasonsAmong(found: readonly (readonly [StaleReason, boolean])[]): StaleReason[] {
  return found.filter(([, holds]) => holds).map(([reason]) => reason);
}

/** Who stands at the beginning of a row of tokens that made each other, and whether one of them is revoked. */
function originOf(maker: Maker): { revoked: boolean; origin: Exclude<Maker, { kind: "token" }> } {
  let revoked = false;
  let origin = maker;
  while (origin.kind === "token") {
    revoked ||= origin.revoked;
    origin = origin.maker;
  }
  return { revoked, origin };
}
