import type { Deps } from "../deps.ts";

/** Who asks for a passkey (WebAuthn, "relying party"): the region's own origin and its host. */
export interface RelyingParty {
  readonly id: string;
  readonly origin: string;
}

/** Browsers take no address for a relying party's name: on this machine, its other name stands for it. */
export function relyingPartyOf({ origins, region }: Pick<Deps, "origins" | "region">): RelyingParty {
  const url = new URL(origins[region]);
  if (url.hostname === "127.0.0.1") url.hostname = "localhost";
  return { id: url.hostname, origin: url.origin };
}
