import type { OAuthCredential, OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { parseCredential, type CredentialKind } from "../../domain/token.ts";
import { regionElsewhere } from "../consult-imported.ts";
import { hashCredential, tagHolds } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import type { Moment } from "../moment.ts";

/**
 * The hash of a presented credential of a kind. Another region's, and a forged one, are refused without a look
 * at the store (contract, section 9).
 */
export function presentCredential(
  deps: Pick<Deps, "region" | "tagKeys">,
  text: string,
  kind: CredentialKind,
  called: OAuthCredential,
): Result<string, OAuthRefusal> {
  const credential = parseCredential(text);
  if (credential === null || credential.kind !== kind) {
    return err({ kind: "credential_unknown", credential: called });
  }
  const { region } = credential;
  if (region !== deps.region) return err({ kind: "credential_elsewhere", credential: called, region });
  if (!tagHolds(deps, credential)) return err({ kind: "credential_unknown", credential: called });
  return ok(hashCredential(text));
}

/**
 * The same for a credential that may have come here with its team: of that the hash alone is the proof.
 * @throws {Unavailable} when freshness cannot be had in time
 */
export async function presentMovable(
  deps: Pick<Deps, "region" | "tagKeys" | "records">,
  text: string,
  kind: CredentialKind,
  called: OAuthCredential,
  moment: Moment,
): Promise<Result<string, OAuthRefusal>> {
  const credential = parseCredential(text);
  const isComer =
    credential?.kind === kind &&
    credential.region !== deps.region &&
    (await regionElsewhere(deps, credential, moment)) === null;
  return isComer ? ok(hashCredential(text)) : presentCredential(deps, text, kind, called);
}
