import { err, ok, type Result } from "../domain/result.ts";
import type { SsoRefusal } from "../domain/sso-refusal.ts";
import { vouchedAddress, type VouchedAddress } from "../domain/vouched-address.ts";
import { commitIfHolds, UniqueViolation, type Statement } from "../store/database.ts";
import { isProvenDomain } from "../store/domains.ts";
import { findSsoPlace, type SsoPlace } from "../store/sso-connections.ts";
import { refuseUnlessAdmitted } from "../store/sso-identities.ts";
import type { Deps } from "./deps.ts";
import type { IdentityClaims } from "./openid-provider.ts";
import { placeRefusal } from "./start-sso.ts";
import { Unavailable } from "./unavailable.ts";

/** What a connection's provider has said about a person; its issuer as it was asked. */
export interface VouchedIdentity extends IdentityClaims {
  readonly connectionId: string;
  readonly issuer: string;
}

export interface Admission {
  readonly place: SsoPlace;
  readonly address: VouchedAddress;
}

/** More than anything but a fault of ours loses this often. */
const MAX_ROUNDS = 3;

/**
 * Decides about a vouched identity and writes what follows, as one batch that fails if the connection, the
 * domain or the membership are no longer what was read; then it is decided anew.
 * @param decide gives the writes, and what they are for
 */
export async function decideAdmission<Value>(
  deps: Deps,
  identity: VouchedIdentity,
  decide: (
    admission: Admission,
  ) => Promise<
    Result<
      { readonly userId: string; readonly statements: readonly Statement[]; readonly value: Value },
      SsoRefusal
    >
  >,
): Promise<Result<Value, SsoRefusal>> {
  const { connectionId, issuer } = identity;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const admission = await admissionOf(deps, identity);
    if (!admission.ok) return admission;
    const decided = await decide(admission.value);
    if (!decided.ok) return decided;
    const { userId, statements, value } = decided.value;
    const { domain } = admission.value.address;
    const condition = refuseUnlessAdmitted(deps.db, { connectionId, issuer, domain, userId });
    if (await tryCommit(deps, [...statements, condition])) return ok(value);
  }
  throw new Unavailable("a sign-in did not settle");
}

async function admissionOf(
  deps: Deps,
  { connectionId, issuer, claims }: VouchedIdentity,
): Promise<Result<Admission, SsoRefusal>> {
  const { db } = deps;
  const place = await findSsoPlace(db, connectionId);
  const refusal = placeRefusal(deps, place);
  if (refusal !== null || place?.connection.issuer !== issuer) {
    return err(refusal ?? { kind: "unknown_connection" });
  }
  const address = vouchedAddress(claims);
  const admits =
    address !== null &&
    place.connection.allowedDomains.includes(address.domain) &&
    (await isProvenDomain(db, { teamId: place.team.id, name: address.domain }));
  return admits ? ok({ place, address }) : err({ kind: "address_not_admitted" });
}

async function tryCommit({ db }: Deps, statements: readonly Statement[]): Promise<boolean> {
  try {
    return await commitIfHolds(db, statements);
  } catch (error) {
    // Somebody was faster: the account or the identity is there by now.
    if (error instanceof UniqueViolation) return false;
    throw error;
  }
}
