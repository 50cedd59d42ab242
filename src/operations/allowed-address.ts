import { contains, parseAddress, parseBlock, type AddressBlock } from "../domain/address.ts";
import type { CheckRefusal } from "../domain/refusal.ts";

/** Addresses that no longer parse allow nobody, rather than everybody. */
export function addressRefusal(allowed: readonly string[] | null, ip: string | null): CheckRefusal | null {
  if (allowed === null) return null;
  const address = ip === null ? null : parseAddress(ip);
  const holds = address !== null && parseBlocks(allowed).some((block) => contains(block, address));
  return holds ? null : { kind: "ip_not_allowed" };
}

export function parseBlocks(texts: readonly string[]): AddressBlock[] {
  return texts.map(parseBlock).filter((block) => block !== null);
}
