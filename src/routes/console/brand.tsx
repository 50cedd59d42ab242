import { createContext, useContext } from "hono/jsx";
import { inkOn } from "../../domain/brand.ts";
import type { Tenant } from "../../domain/tenant.ts";

export const BRAND_STYLE_PATH = "/console/brand.css";

/** Whose domain the page is shown at; null: it is the region's own, and headed Jeton. */
export const ShownAt = createContext<Pick<Tenant, "name" | "brand"> | null>(null);

/** What pages are headed with, and end their titles with. */
export function brandName(): string {
  return useContext(ShownAt)?.name ?? "Jeton";
}

/** The team's colours, on its own domain; pages take styles from files of this origin alone. */
export function BrandStyle() {
  return useContext(ShownAt)?.brand.color == null ? null : <link rel="stylesheet" href={BRAND_STYLE_PATH} />;
}

/** A name may be written in any direction, and must not turn what is around it. */
export function BrandName() {
  return <bdi>{brandName()}</bdi>;
}

/**
 * The colour is put where what is written on it is ours to choose: text and links stay as they can be read in
 * either theme.
 */
export function brandStyle(tenant: Pick<Tenant, "brand"> | null): string {
  const color = tenant?.brand.color ?? null;
  if (color === null) return "";
  return `:root { --brand: ${color}; --on-brand: ${inkOn(color)}; }
.coin { border-color: var(--brand); }
button:not(.quiet, .danger), .button:not(.quiet) { background: var(--brand); color: var(--on-brand); border-color: var(--muted); }
`;
}
