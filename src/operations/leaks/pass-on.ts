import type { RegionCode } from "../../domain/region.ts";
import type { Deps } from "../deps.ts";
import { Unavailable } from "../unavailable.ts";

/** A report as GitHub signed it: every region can see for itself that it is GitHub's. */
export interface SignedReport {
  readonly keyId: string;
  readonly signature: string;
  readonly body: Uint8Array;
}

export const GITHUB_REPORTS_PATH = "/v1/leaks/github";

/** The query by which a region knows through which ones a report has come, so that none goes round. */
export const PASSED_ON = "passed_on";

const TIMEOUT_MS = 20_000;
const MAX_BYTES = 1024 * 1024;

/**
 * Passes a report on to the regions that its credentials name, each once, and takes their word for which are theirs.
 * @param via the regions through which it has come here
 * @param elsewhere region by the SHA-256 of the credential, in hex
 * @param isTrue gets the hashes of those that are
 * @throws {Unavailable} when a region does not answer, after all were asked
 */
export async function passOn(
  deps: Deps,
  elsewhere: ReadonlyMap<string, RegionCode>,
  { signed, via }: { readonly signed: SignedReport; readonly via: readonly RegionCode[] },
  isTrue: Set<string>,
): Promise<void> {
  const regions = [...new Set(elsewhere.values())];
  const asked = await Promise.allSettled(
    regions.map(async (region) => {
      const theirs = await ask(deps, region, signed, via);
      for (const [hash, of] of elsewhere) if (of === region && theirs.has(hash)) isTrue.add(hash);
    }),
  );
  if (asked.some(({ status }) => status === "rejected")) {
    throw new Unavailable("another region did not take a report of leaks");
  }
}

/** @returns what is a credential of that region, by SHA-256 in hex */
async function ask(
  { send, origins, region: here }: Deps,
  region: RegionCode,
  { keyId, signature, body }: SignedReport,
  via: readonly RegionCode[],
): Promise<ReadonlySet<string>> {
  const request = new Request(
    `${origins[region]}${GITHUB_REPORTS_PATH}?${PASSED_ON}=${[...via, here].join(",")}`,
    {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "Github-Public-Key-Identifier": keyId,
        "Github-Public-Key-Signature": signature,
      },
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    },
  );
  const response = await send(request);
  if (response.status !== 200 || Number(response.headers.get("Content-Length") ?? 0) > MAX_BYTES) {
    throw new Error(`status ${response.status}`);
  }
  const text = await response.text();
  const labels: unknown = text.length > MAX_BYTES ? null : JSON.parse(text);
  if (!Array.isArray(labels)) throw new Error("no labels");
  return new Set(labels.map(hashOfTrue).filter((hash) => hash !== null));
}

function hashOfTrue(label: unknown): string | null {
  const { token_hash: hash, label: said } = Object(label) as Record<string, unknown>;
  return said === "true_positive" && typeof hash === "string" ? hexOfBase64(hash) : null;
}

function hexOfBase64(base64: string): string {
  return Array.from(atob(base64), (character) => character.charCodeAt(0).toString(16).padStart(2, "0")).join(
    "",
  );
}
