import { keyedHash } from "../credentials.ts";
import type { Deps } from "../deps.ts";

/** A user code is short enough to be guessed from a plain hash, so what is stored of it is keyed. */
export function userCodeHash(deps: Pick<Deps, "tagKeys">, code: string): string {
  return keyedHash(deps, `user code ${code}`);
}

/** What may be stored of it: it was made before the newest key, perhaps. */
export function userCodeHashes({ tagKeys }: Pick<Deps, "tagKeys">, code: string): string[] {
  return tagKeys.map((key) => userCodeHash({ tagKeys: [key] }, code));
}
