import type { OAuthCredential, OAuthRefusal } from "../../domain/oauth-refusal.ts";
import type { RegionCode } from "../../domain/region.ts";
import { parseCredential, type CredentialKind } from "../../domain/token.ts";
import { regionElsewhere } from "../consult-imported.ts";
import type { Deps } from "../deps.ts";
import type { Moment } from "../moment.ts";
import type { OAuthParameters } from "./request.ts";

/** A parameter in which an endpoint expects a credential of a kind. */
export interface Presented {
  readonly parameter: string;
  readonly kind: CredentialKind;
  readonly called: OAuthCredential;
}

/**
 * The region that a credential itself names, when that is another one and its team has not moved here.
 * @throws {Unavailable} when freshness cannot be had in time
 */
export async function foreignRegion(
  deps: Pick<Deps, "region" | "records">,
  text: string | null,
  moment: Moment,
): Promise<RegionCode | null> {
  const credential = text === null ? null : parseCredential(text);
  return credential && regionElsewhere(deps, credential, moment);
}

/**
 * Another region's credential, before anybody asks who sent it: whoever has it is sent to where it is known
 * (contract, section 9). Of the store only the filter of what has moved here has a part in it, which is in memory; the
 * answer tells nothing that the credential does not say itself.
 */
export async function foreignCredential(
  deps: Pick<Deps, "region" | "records">,
  parameters: OAuthParameters,
  presented: readonly Presented[],
  moment: Moment,
): Promise<OAuthRefusal | null> {
  for (const { parameter, kind, called } of presented) {
    const text = parameters.get(parameter);
    const region = await foreignRegion(deps, text, moment);
    if (text === null || region === null || parseCredential(text)?.kind !== kind) continue;
    const cause = { kind: "credential_elsewhere", credential: called, region } as const;
    return parameter === "subject_token" ? { kind: "subject_token_invalid", cause } : cause;
  }
  return null;
}
