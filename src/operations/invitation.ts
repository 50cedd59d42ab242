import { randomBase62 } from "../domain/base62.ts";
import { hashCredential } from "./credentials.ts";
import type { Deps } from "./deps.ts";

/** A holiday week, and no link that lies about for months. */
export const INVITATION_DAYS = 7;

const INVITATION_MS = INVITATION_DAYS * 86_400_000;

/** As strong as a token's random part and more: whoever has it needs nothing else. */
const SECRET_LENGTH = 43;

export interface InvitationSecret {
  readonly hash: string;
  /** The link that holds the secret: the answer to the invitation is the only place where it ever stands. */
  readonly link: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export function makeInvitationSecret({
  origins,
  region,
  randomBytes,
  clock,
}: Pick<Deps, "origins" | "region" | "randomBytes" | "clock">): InvitationSecret {
  const secret = randomBase62(SECRET_LENGTH, randomBytes);
  return {
    hash: hashCredential(secret),
    link: `${origins[region]}/invitations/${secret}`,
    expiresAt: clock() + INVITATION_MS,
  };
}
