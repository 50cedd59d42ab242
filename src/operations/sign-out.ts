import { commit } from "../store/database.ts";
import { endSession } from "../store/sessions.ts";
import { hashCredential } from "./credentials.ts";
import type { Deps } from "./deps.ts";

/** Ends the session of a cookie; one that is unknown or has ended already is just that. */
export async function signOut({ db, clock }: Deps, cookie: string): Promise<void> {
  await commit(db, [endSession(db, { hash: hashCredential(cookie), now: clock() })]);
}
