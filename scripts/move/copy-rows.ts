import { createHash } from "node:crypto";
import { MOVED_KINDS } from "../../src/domain/team-move.ts";
import type { MovingRegion, Page } from "./region.ts";

/** A page that was copied: up to where it went, and what was in it. */
interface Copied {
  readonly until: string | null;
  readonly hash: string;
}

/**
 * Copies the rows of a move, page by page; a second time only the pages that have changed since. What it remembers
 * saves time and nothing else: whether all is there, the two regions say themselves.
 */
export class RowCopier {
  readonly #from: MovingRegion;
  readonly #to: MovingRegion;
  readonly #copied = new Map<string, Copied>();

  constructor(from: MovingRegion, to: MovingRegion) {
    this.#from = from;
    this.#to = to;
  }

  /** For when the two sides differ all the same. */
  forget(): void {
    this.#copied.clear();
  }

  /** @returns how many rows were written */
  async copy(id: string): Promise<number> {
    let written = 0;
    for (const kind of MOVED_KINDS) {
      let after: string | null = "";
      while (after !== null) {
        const place: string = `${kind} ${after}`;
        const before = this.#copied.get(place);
        const page: Page = await this.#from.read(id, kind, after, before?.until ?? null);
        const hash = createHash("sha256").update(JSON.stringify(page.rows)).digest("hex");
        if (before?.hash !== hash || before.until !== page.until) {
          await this.#to.write(id, { kind, after, until: page.until }, page.rows);
          written += page.rows.length;
        }
        this.#copied.set(place, { until: page.until, hash });
        after = page.until;
      }
    }
    return written;
  }
}
