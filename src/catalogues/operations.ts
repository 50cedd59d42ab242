import type { Operation } from "../domain/catalogue.ts";

interface Shared {
  /** Names of those operations that are strict. */
  readonly strict?: readonly string[];
  /** Required by every one of them. */
  readonly requires?: readonly string[];
  /** Implied by every one of them. */
  readonly implies?: readonly string[];
}

/** The operations of one resource from `{NAME: description}`, in the order written. */
export function operations(described: Readonly<Record<string, string>>, shared: Shared = {}): Operation[] {
  const { strict = [], requires = [], implies = [] } = shared;
  return Object.entries(described).map(([name, description]) => ({
    name,
    description,
    strict: strict.includes(name),
    requires,
    implies,
  }));
}
