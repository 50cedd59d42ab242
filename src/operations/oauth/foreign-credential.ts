import type { OAuthCredential, OAuthRefusal } from "../../domain/oauth-refusal.ts";
import type { RegionCode } from "../../domain/region.ts";
import { isTagged, parseCredential, type CredentialKind } from "../../domain/token.ts";
import type { Deps } from "../deps.ts";
import type { OAuthParameters } from "./request.ts";

/** A parameter in which an endpoint expects a credential of a kind. */
export interface Presented {
  readonly parameter: string;
  readonly kind: CredentialKind;
  readonly called: OAuthCredential;
}

/** The region that a credential itself names, when that is another one. Looks at nothing but its text. */
export function foreignRegion({ region }: Pick<Deps, "region">, text: string | null): RegionCode | null {
  const credential = text === null ? null : parseCredential(text);
  if (credential === null || !isTagged(credential.kind) || credential.region === region) return null;
  return credential.region;
}

/**
 * Another region's credential, before anybody asks who sent it: whoever has it is sent to where it is known
 * (contract, section 9), and the store of this region has no part in it. It tells nothing that the credential
 * does not say itself.
 */
export function foreignCredential(
  deps: Pick<Deps, "region">,
  parameters: OAuthParameters,
  presented: readonly Presented[],
): OAuthRefusal | null {
  for (const { parameter, kind, called } of presented) {
    const text = parameters.get(parameter);
    const region = foreignRegion(deps, text);
    if (text === null || region === null || parseCredential(text)?.kind !== kind) continue;
    const cause = { kind: "credential_elsewhere", credential: called, region } as const;
    return parameter === "subject_token" ? { kind: "subject_token_invalid", cause } : cause;
  }
  return null;
}
