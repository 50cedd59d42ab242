/**
 * A CIDR block, or one address as the block that holds only it. IPv4-mapped IPv6 addresses are the
 * IPv4 addresses that they map (RFC 4291, section 2.5.5.2): dual-stack sockets report one for the
 * other. Otherwise the two families share nothing: `::/0` holds no IPv4 address.
 */
export interface AddressBlock {
  readonly family: 4 | 6;
  /** 16 bits each, most significant first: two for IPv4, eight for IPv6. All zero after the prefix. */
  readonly groups: readonly number[];
  /** In bits. */
  readonly prefixLength: number;
}

const GROUP_BITS = 16;
const LONGEST_TEXT = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128".length;
const MAPPED_GROUPS = [0, 0, 0, 0, 0, 0xffff];

/**
 * Reads `203.0.113.0/24`, `2001:db8::/32` or a single address. Strict, for what it reads decides who
 * is let in: no leading zeros in IPv4 (some read them as octal), no zone, port or space, and no bits
 * after the prefix: `10.0.0.7/8` is refused, since one host is as likely to be meant as the sixteen
 * million around it.
 * @returns null for anything else
 */
export function parseBlock(text: string): AddressBlock | null {
  if (text.length > LONGEST_TEXT) return null;
  const slash = text.indexOf("/");
  const address = parseFullAddress(slash === -1 ? text : text.slice(0, slash));
  if (address === null) return null;
  const addressBits = address.length * GROUP_BITS;
  const prefixLength = slash === -1 ? addressBits : parseDecimal(text.slice(slash + 1), addressBits);
  if (prefixLength === null) return null;
  if (address.some((group, index) => (group & ~maskOf(index, prefixLength)) !== 0)) return null;
  // No bits after the prefix: so a mapped address has a prefix of 96 bits or more here.
  const mapped = address.length === 8 && MAPPED_GROUPS.every((group, index) => address[index] === group);
  if (mapped) return { family: 4, groups: address.slice(6), prefixLength: prefixLength - 96 };
  return { family: address.length === 8 ? 6 : 4, groups: address, prefixLength };
}

/** Reads a single address, by the rules of `parseBlock`; null for anything else, a block included. */
export function parseAddress(text: string): AddressBlock | null {
  return text.includes("/") ? null : parseBlock(text);
}

/** Writes a block so that equal ones look alike: RFC 5952 for IPv6, and no prefix after a single address. */
export function formatBlock({ family, groups, prefixLength }: AddressBlock): string {
  const address =
    family === 6 ? formatIPv6(groups) : groups.flatMap((group) => [group >> 8, group & 0xff]).join(".");
  return prefixLength === groups.length * GROUP_BITS ? address : `${address}/${prefixLength}`;
}

/** Whether all of `inner`, a single address as a rule, lies within `block`. */
export function contains(block: AddressBlock, inner: AddressBlock): boolean {
  if (block.family !== inner.family || block.prefixLength > inner.prefixLength) return false;
  return block.groups.every((group, index) => {
    return (((inner.groups[index] ?? 0) ^ group) & maskOf(index, block.prefixLength)) === 0;
  });
}

/**
 * The addresses that lie in some block of each list, as blocks of which none lies within another. Two
 * blocks have an address in common only if one contains the other. An empty list is no address at
 * all; whoever means "no restriction" says so otherwise.
 */
export function intersectBlocks(
  left: readonly AddressBlock[],
  right: readonly AddressBlock[],
): readonly AddressBlock[] {
  const common: AddressBlock[] = [];
  for (const a of left) {
    for (const b of right) {
      const narrower = contains(a, b) ? b : contains(b, a) ? a : null;
      if (narrower !== null) common.push(narrower);
    }
  }
  return common.filter((block, index) => {
    return !common.some((other, otherIndex) => {
      return contains(other, block) && (otherIndex < index || other.prefixLength < block.prefixLength);
    });
  });
}

/** The bits of one group that belong to the prefix. */
function maskOf(index: number, prefixLength: number): number {
  const bits = Math.min(GROUP_BITS, Math.max(0, prefixLength - index * GROUP_BITS));
  return 0xffff & ~(0xffff >> bits);
}

function parseFullAddress(text: string): readonly number[] | null {
  if (!text.includes(":")) return parseIPv4(text);
  const [head = "", tail, excess] = text.split("::");
  if (excess !== undefined) return null;
  const before = parseGroups(head, tail === undefined);
  if (before === null || tail === undefined) return before?.length === 8 ? before : null;
  const after = parseGroups(tail, true);
  // "::" stands for one group of zeros at least (RFC 4291, section 2.2).
  if (after === null || before.length + after.length > 7) return null;
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
}

/** The groups on one side of `::`; only where the address ends may the last two be written as IPv4. */
function parseGroups(text: string, endsAddress: boolean): readonly number[] | null {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (endsAddress && index === parts.length - 1 && part.includes(".")) {
      const embedded = parseIPv4(part);
      if (embedded === null) return null;
      groups.push(...embedded);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return null;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}

function parseIPv4(text: string): readonly number[] | null {
  const octets = text.split(".").map((part) => parseDecimal(part, 255));
  const [a, b, c, d] = octets;
  if (octets.length !== 4 || a == null || b == null || c == null || d == null) return null;
  return [(a << 8) | b, (c << 8) | d];
}

function parseDecimal(text: string, most: number): number | null {
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(text)) return null;
  const value = Number(text);
  return value <= most ? value : null;
}

/** The longest run of two or more zero groups, the first of several, becomes `::` (RFC 5952, section 4.2). */
function formatIPv6(groups: readonly number[]): string {
  let best = { start: 0, length: 1 };
  for (let start = 0; start < groups.length; start += 1) {
    const end = groups.findIndex((group, index) => index >= start && group !== 0);
    const length = (end === -1 ? groups.length : end) - start;
    if (length > best.length) best = { start, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.length === 1) return hex.join(":");
  return `${hex.slice(0, best.start).join(":")}::${hex.slice(best.start + best.length).join(":")}`;
}
