import { pruneFeed } from "../store/change-feed.ts";
import type { Deps } from "./deps.ts";

/** Prunes the change feed; an isolate that slept longer than it reaches back forgets all that it cached. */
export async function trimFeed({ db, clock }: Pick<Deps, "db" | "clock">): Promise<void> {
  await pruneFeed(db, clock());
}
