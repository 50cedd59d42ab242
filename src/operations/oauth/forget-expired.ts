import { deleteExpired } from "../../store/oauth-retention.ts";
import type { Deps } from "../deps.ts";

/** So long whoever presents something old is told that it has expired; afterwards nobody knows it. */
const KEPT_MS = 7 * 86_400_000;

/** Deletes one-time credentials and OAuth access tokens that expired a week ago. */
export async function forgetExpired({ db, clock }: Deps): Promise<void> {
  await deleteExpired(db, { before: clock() - KEPT_MS });
}
