import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { exceeding } from "../../domain/permission.ts";
import type { Refusal } from "../../domain/refusal.ts";
import type { Place } from "./list-places.ts";

/** A team as one in which a person could allow something. */
export interface TeamChoice {
  readonly teamId: string;
  readonly name: string;
  /** Why this session may not act there; null: it may. */
  readonly refusal: Refusal | null;
  /** What of it the person does not hold there. */
  readonly missing: readonly string[];
}

/** In which of their teams a person could allow this: nothing confers more than its maker holds. */
export function weighPlaces(places: readonly Place[], permissions: readonly string[]): readonly TeamChoice[] {
  return places.map(({ teamId, name, holder, refusal }) => ({
    teamId,
    name,
    refusal,
    missing: holder === null ? [] : exceeding(holder, permissions),
  }));
}

export function isOffered({ refusal, missing }: TeamChoice): boolean {
  return refusal === null && missing.length === 0;
}

/** What would be mended by signing in again, or otherwise. */
const BY_SIGNING_IN: ReadonlySet<Refusal["kind"]> = new Set([
  "unknown_credential",
  "sign_in_method_not_allowed",
  "second_factor_required",
]);

/**
 * What speaks against it when no team can be offered; of several teams, the one where the least is missing.
 * @returns `login_required` where the person can mend it; null: there is a team to offer
 */
export function nothingOffered(choices: readonly TeamChoice[]): OAuthRefusal | null {
  if (choices.some(isOffered)) return null;
  const isMendable = choices.some(({ refusal }) => refusal !== null && BY_SIGNING_IN.has(refusal.kind));
  if (isMendable) return { kind: "login_required" };
  const [nearest] = choices
    .filter(({ refusal }) => refusal === null)
    .toSorted((left, right) => left.missing.length - right.missing.length);
  return nearest === undefined
    ? { kind: "no_team" }
    : { kind: "scope_beyond_user", missing: nearest.missing };
}

/** Whether the session was idle for longer than any of the person's teams lets it: then nobody is signed in. */
export function isIdle(places: readonly Place[]): boolean {
  return places.length > 0 && places.every(({ refusal }) => refusal?.kind === "unknown_credential");
}
