import { createContext } from "hono/jsx";
import type { Language } from "../../domain/language.ts";

export interface Place {
  /** Its path and query. */
  readonly path: string;
  /** The language that the person chose in this browser, null: none. */
  readonly chosen: Language | null;
}

/** The page that is being shown. Null: it answers a form, and cannot be asked for again. */
export const Here = createContext<Place | null>(null);
