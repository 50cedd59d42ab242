import type { SQL } from "drizzle-orm";
import type { Statement } from "./database.ts";

/** One kind of row that may have come back, and what is done about it. */
export interface Revival {
  /** Whether there is any such row whose cached copies must die; null: nobody caches them. */
  readonly cached: SQL | null;
  readonly statements: readonly Statement[];
}
