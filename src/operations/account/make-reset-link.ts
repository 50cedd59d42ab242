import { randomBase62 } from "../../domain/base62.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { recordChange } from "../../store/changes.ts";
import { commit } from "../../store/database.ts";
import { replaceResetLink } from "../../store/reset-links.ts";
import { findUser } from "../../store/users.ts";
import { auditRow, type Actor } from "../change.ts";
import { hashCredential } from "../credentials.ts";
import type { Deps } from "../deps.ts";

/** Whoever has the link gets the account, so it is short-lived: the operator hands it over at once. */
const LINK_MS = 30 * 60_000;

const SECRET_LENGTH = 43;

export interface MadeResetLink {
  /** Shown in one answer and nowhere else. */
  readonly link: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/**
 * A link by which a person sets a new password, in the place of an earlier one. The operator alone makes
 * them: whoever administers a team must not get into accounts that other teams know too.
 */
export async function makeResetLink(
  deps: Deps,
  userId: string,
  actor: Actor,
): Promise<Result<MadeResetLink, Refusal>> {
  const { db } = deps;
  if ((await findUser(db, userId)) === undefined) return err({ kind: "not_found", noun: "user" });
  const secret = randomBase62(SECRET_LENGTH, deps.randomBytes);
  const audit = auditRow(deps, actor, { type: "user.reset_link_created", teamId: null, subject: userId });
  const createdAt = audit.at;
  const expiresAt = createdAt + LINK_MS;
  await commit(db, [
    ...replaceResetLink(db, { hash: hashCredential(secret), userId, createdAt, expiresAt }),
    ...recordChange(db, { subjects: [], audit }),
  ]);
  return ok({ link: `${deps.origins[deps.region]}/reset/${secret}`, expiresAt });
}
