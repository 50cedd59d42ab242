import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import type { RegionCode } from "../../domain/region.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { parseCredential } from "../../domain/token.ts";
import { madeInOf, readCheckableToken } from "../../store/access-tokens.ts";
import { findGrantNow } from "../../store/grants.ts";
import { findRefreshToken } from "../../store/refresh-tokens.ts";
import { maySee } from "../ask-check.ts";
import { consultImported, regionElsewhere } from "../consult-imported.ts";
import { hashCredential, tagHolds } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import { asHeld } from "../held-permissions.ts";
import type { KeyedService } from "../identify-caller.ts";
import type { Moment } from "../moment.ts";
import { isHere } from "../tenant.ts";
import { grantStanding } from "./grant-standing.ts";

/** Who asks: a service, about any token; or a client, about its own. */
export type Introspector =
  | { readonly kind: "service"; readonly service: KeyedService }
  | { readonly kind: "client"; readonly clientId: string };

/** A token in force (RFC 7662, section 2.2); times in milliseconds. */
export interface ActiveToken {
  readonly id: string;
  readonly kind: "pat" | "at" | "rt";
  readonly teamId: string;
  readonly clientId: string | null;
  readonly userId: string | null;
  readonly permissions: readonly string[];
  readonly audience: string | null;
  readonly proofKey: string | null;
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

type Introspected = Result<ActiveToken | null, OAuthRefusal>;

/**
 * What a token is worth now, read from the primary. Of a token that is not in force, and of one that the asker
 * has no business with, nothing is said but that (RFC 7662, section 2.2).
 * @param text null: none was sent
 * @returns null: not active
 */
export async function introspectToken(
  deps: Deps,
  text: string | null,
  asker: Introspector,
  moment: Moment,
): Promise<Introspected> {
  if (text === null) return err({ kind: "parameter_missing", parameter: "token" });
  const credential = parseCredential(text);
  if (credential === null) {
    const { hash } = await consultImported(deps, text, moment);
    return hash === null ? ok(null) : introspectAccess(deps, { hash, madeIn: null }, asker);
  }
  const region = await regionElsewhere(deps, credential, moment);
  if (region !== null) return err({ kind: "credential_elsewhere", credential: "access token", region });
  if (credential.region === deps.region && !tagHolds(deps, credential)) return ok(null);
  const hash = hashCredential(text);
  switch (credential.kind) {
    case "pat":
    case "at":
      return introspectAccess(deps, { hash, madeIn: credential.region }, asker);
    case "rt":
      return introspectRefresh(deps, hash, asker);
    default:
      return ok(null);
  }
}

/** @param madeIn as the text says; null: it is no credential of ours, and counts exactly if its hash was imported */
async function introspectAccess(
  deps: Deps,
  { hash, madeIn }: { readonly hash: string; readonly madeIn: RegionCode | null },
  asker: Introspector,
): Promise<Introspected> {
  const { token: stored } = await readCheckableToken(deps.db, hash);
  if (stored === undefined || madeInOf(stored, deps.region) !== madeIn) return ok(null);
  if (!isHere(deps, stored.teamId)) return ok(null);
  if (stored.teamLivesIn !== null) return err(movedTo(stored.teamLivesIn));
  const token = asHeld(stored);
  const isLive =
    token.revokedAt === null &&
    (token.expiresAt === null || token.expiresAt > deps.clock()) &&
    token.teamStatus === "active";
  if (!isLive || !mayAsk(asker, token)) return ok(null);
  const { id, kind, teamId, clientId, userId, audience, proofKey, createdAt, expiresAt } = token;
  const permissions = visible(asker, token.permissions);
  return ok({ id, kind, teamId, clientId, userId, permissions, audience, proofKey, createdAt, expiresAt });
}

async function introspectRefresh(deps: Deps, hash: string, asker: Introspector): Promise<Introspected> {
  const token = await findRefreshToken(deps.db, hash);
  if (token === undefined || !isHere(deps, token.teamId)) return ok(null);
  if (token.teamLivesIn !== null) return err(movedTo(token.teamLivesIn));
  if (token.revokedAt !== null || token.rotatedAt !== null) return ok(null);
  const grant = await findGrantNow(deps.db, token.grantId);
  const standing = grantStanding(grant, "refresh token", deps.clock());
  if (!standing.ok || grant === undefined || !mayAsk(asker, { ...token, audience: null })) return ok(null);
  const { id, teamId, clientId, userId, proofKey, createdAt } = token;
  return ok({
    id,
    kind: "rt",
    teamId,
    clientId,
    userId,
    permissions: visible(asker, standing.value),
    audience: grant.audience,
    proofKey,
    createdAt,
    expiresAt: grant.notAfter,
  });
}

function movedTo(region: RegionCode): OAuthRefusal {
  return { kind: "credential_elsewhere", credential: "access token", region };
}

function mayAsk(
  asker: Introspector,
  token: { readonly clientId: string | null; readonly audience: string | null },
): boolean {
  if (asker.kind === "client") return token.clientId === asker.clientId;
  const { audience } = token;
  return audience === null || audience.split(" ").includes(asker.service.resource ?? "");
}

function visible(asker: Introspector, permissions: readonly string[]): readonly string[] {
  return asker.kind === "client"
    ? permissions
    : permissions.filter((permission) => maySee(asker.service, permission));
}
