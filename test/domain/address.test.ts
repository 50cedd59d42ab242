import { BlockList } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type AddressBlock,
  contains,
  formatBlock,
  intersectBlocks,
  parseAddress,
  parseBlock,
} from "../../src/domain/address.ts";

const octet = fc.nat({ max: 255 });
const ipv4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join("."));
const group = fc.oneof(fc.constant(0), fc.nat({ max: 0xffff }));
const groups = fc.array(group, { minLength: 8, maxLength: 8 });
const ipv6 = groups.map((all) => all.map((each) => each.toString(16)).join(":"));
/** Few different bits, so that blocks often touch. */
const block = fc.oneof(
  fc.tuple(fc.nat({ max: 7 }), fc.nat({ max: 3 })).map(([bits, length]) => ({
    family: 4 as const,
    groups: [0x0a00 | ((bits & ~(7 >> length)) << 5), 0],
    prefixLength: 8 + length,
  })),
  fc.tuple(fc.nat({ max: 7 }), fc.nat({ max: 3 })).map(([bits, length]) => ({
    family: 6 as const,
    groups: [0x2001, (bits & ~(7 >> length)) << 13, 0, 0, 0, 0, 0, 0],
    prefixLength: 16 + length,
  })),
);
const blocks = fc.array(block, { maxLength: 6 });
const addressNear = fc.oneof(
  fc.nat({ max: 7 }).map((bits) => `10.${bits << 5}.9.9`),
  fc.nat({ max: 7 }).map((bits) => `2001:${(bits << 13).toString(16)}::99`),
  ipv4,
  ipv6,
);

describe("reading addresses and blocks", () => {
  test.each([
    ["203.0.113.7", "203.0.113.7"],
    ["203.0.113.7/32", "203.0.113.7"],
    ["203.0.113.0/24", "203.0.113.0/24"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["255.255.255.255", "255.255.255.255"],
    ["128.0.0.0/1", "128.0.0.0/1"],
    ["::", "::"],
    ["::/0", "::/0"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["2001:DB8::/32", "2001:db8::/32"],
    ["2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["1:2:3:4:5:6:7.8.9.10", "1:2:3:4:5:6:708:90a"],
    ["fe80::1/128", "fe80::1"],
    ["ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ])("%s is written %s", (text, canonical) => {
    expect(formatBlock(read(text))).toBe(canonical);
  });

  test.each([
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["::FFFF:cb00:7107", "203.0.113.7"],
    ["0:0:0:0:0:ffff:10.0.0.0/104", "10.0.0.0/8"],
    ["::ffff:0:0/96", "0.0.0.0/0"],
  ])("the mapped %s is the IPv4 %s", (text, canonical) => {
    expect(read(text)).toEqual(read(canonical));
  });

  test.each([
    "",
    " ",
    "/",
    "/24",
    ".",
    "...",
    "a",
    "localhost",
    "203.0.113",
    "203.0.113.7.9",
    "203.0.113.256",
    "1..2.3",
    "203.0.113.07",
    "0203.0.113.7",
    "0x7f.0.0.1",
    "2130706433",
    "127.1",
    "203.0.113.-7",
    "203.0.113.7 ",
    "1e1.0.0.0",
    "203.0.113.7/",
    "203.0.113.7/33",
    "203.0.113.7/032",
    "203.0.113.7/-1",
    "203.0.113.7/+8",
    "203.0.113.7/8/8",
    "203.0.113.7:443",
    "203.0.113.7\n",
    "203.0.113.7/32\n",
    "203.0.113.٧",
    "10.0.0.0/255.0.0.0",
    "10.0.0.0/999",
    "10.0.0.7/8",
    "10.0.0.1/31",
    "128.0.0.0/0",
    "2001:db8::1/64",
    "::1/127",
    "::ffff:0:0/90",
    "::ffff:0:0/95",
    ":",
    ":::",
    "1:::2",
    "::1::",
    "1::2::3",
    ":1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:",
    ":1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "12345::",
    "g::",
    "::-1",
    "fe80::1%eth0",
    "[::1]",
    "[::1]:80",
    "::1/129",
    "::1/",
    "::1.2.3",
    "::01.2.3.4",
    "1.2.3.4::",
    "::1.2.3.4:5",
    "::ffff:1.2.3.256",
    "1:2:3:4:5:6:7:1.2.3.4",
    "1.2.3.4:5:6:7:8:9:10:11",
    "::ffff:10.0.0.1/104",
    "::1\u0000",
    "１::",
  ])("%j is refused", (text) => {
    expect(parseBlock(text)).toBeNull();
  });

  test("a single address is not a block, unless it is asked for as one", () => {
    expect(parseAddress("203.0.113.7")).toEqual(parseBlock("203.0.113.7/32"));
    expect(parseAddress("203.0.113.7/32")).toBeNull();
    expect(parseAddress("::1/128")).toBeNull();
  });

  test("every address makes the round trip, and its canonical form is read as the same", () => {
    fc.assert(
      fc.property(fc.oneof(ipv4, ipv6), (text) => {
        const parsed = read(text);
        expect(read(formatBlock(parsed))).toEqual(parsed);
        if (!text.includes(":")) expect(formatBlock(parsed)).toBe(text);
        expect(formatBlock(parsed)).not.toMatch(/:::|[A-F]/);
      }),
    );
  });

  test("a block is read exactly when no bit is set after its prefix", () => {
    fc.assert(
      fc.property(groups, fc.nat({ max: 128 }), (all, prefixLength) => {
        fc.pre(!(all.slice(0, 5).every((each) => each === 0) && all[5] === 0xffff));
        const bits = all.map((each) => each.toString(2).padStart(16, "0")).join("");
        const cut = bits.slice(0, prefixLength).padEnd(128, "0");
        const hex = (from: string) =>
          from.match(/.{16}/g)!.map((each) => Number.parseInt(each, 2).toString(16));
        expect(parseBlock(`${hex(bits).join(":")}/${prefixLength}`) !== null).toBe(bits === cut);
        const parsed = read(`${hex(cut).join(":")}/${prefixLength}`);
        expect(read(formatBlock(parsed))).toEqual(parsed);
      }),
    );
  });

  test("no text makes it throw, and what it accepts is stable", () => {
    const codeUnit = fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code));
    const text = fc.oneof(
      fc.string({ unit: codeUnit }),
      fc.string({ unit: fc.constantFrom(...Array.from("0123456789abcdef.:/%")), maxLength: 50 }),
      fc
        .array(fc.constantFrom("0", "1", "ffff", "::", ":", ".", "/", "255", "1.2.3.4"), { maxLength: 18 })
        .map((parts) => {
          return parts.join("");
        }),
    );
    fc.assert(
      fc.property(text, (each) => {
        const parsed = parseBlock(each);
        if (parsed !== null) expect(parseBlock(formatBlock(parsed))).toEqual(parsed);
      }),
      { numRuns: 2000 },
    );
    expect(parseBlock(":".repeat(5_000_000))).toBeNull();
    expect(parseBlock(`1.2.3.4/${"1".repeat(5_000_000)}`)).toBeNull();
  });
});

describe("whether a block holds an address", () => {
  test.each([
    ["203.0.113.0/24", "203.0.113.255", true],
    ["203.0.113.0/24", "203.0.114.0", false],
    ["203.0.113.7", "203.0.113.7", true],
    ["203.0.113.7", "203.0.113.6", false],
    ["203.0.113.0/24", "::ffff:203.0.113.9", true],
    ["::ffff:203.0.113.0/120", "203.0.113.9", true],
    ["0.0.0.0/0", "255.255.255.255", true],
    ["0.0.0.0/0", "::1", false],
    ["::/0", "203.0.113.7", false],
    ["::/0", "::ffff:203.0.113.7", false],
    ["::/0", "ffff::", true],
    ["2001:db8::/33", "2001:db8:7fff::", true],
    ["2001:db8::/33", "2001:db8:8000::", false],
    ["203.0.113.7", "203.0.113.0/24", false],
    ["203.0.113.0/24", "203.0.113.0/24", true],
  ])("%s, %s: %s", (outer, inner, expected) => {
    expect(contains(read(outer), read(inner))).toBe(expected);
  });

  test("it is what Node's own block list says", () => {
    const prefix = fc.nat({ max: 128 });
    const nearby = fc.tuple(groups, prefix, fc.nat({ max: 128 }), fc.boolean());
    fc.assert(
      fc.property(nearby, ([all, prefixLength, flipped, isIPv4]) => {
        const width = isIPv4 ? 2 : 8;
        const length = prefixLength % (width * 16 + 1);
        const outer = all.slice(0, width).map((each, index) => {
          const keep = Math.min(16, Math.max(0, length - index * 16));
          return each & ~(0xffff >> keep) & 0xffff;
        });
        const inner = all.slice(0, width).map((each, index) => {
          return flipped >> 4 === index ? each ^ (0x8000 >> (flipped & 15)) : each;
        });
        const mapped = (each: readonly number[]) =>
          each.slice(0, 5).every((part) => part === 0) && each[5] === 0xffff;
        fc.pre(isIPv4 || (!mapped(outer) && !mapped(inner)));
        const [network, address] = [outer, inner].map((each) => plainText(each));
        const list = new BlockList();
        list.addSubnet(network!, length, isIPv4 ? "ipv4" : "ipv6");
        expect(contains(read(`${network!}/${length}`), read(address!))).toBe(
          list.check(address!, isIPv4 ? "ipv4" : "ipv6"),
        );
      }),
      { numRuns: 1000 },
    );
  });
});

describe("what two lists have in common", () => {
  test.each([
    [["10.0.0.0/8"], ["10.1.0.0/16", "192.0.2.0/24"], ["10.1.0.0/16"]],
    [["10.1.0.0/16"], ["10.0.0.0/8"], ["10.1.0.0/16"]],
    [["10.0.0.0/8", "10.1.0.0/16"], ["10.1.2.0/24", "10.1.0.0/16"], ["10.1.0.0/16"]],
    [["10.0.0.0/9"], ["10.128.0.0/9"], []],
    [["0.0.0.0/0"], ["::/0"], []],
    [["::ffff:10.0.0.0/104"], ["10.9.9.9"], ["10.9.9.9"]],
    [[], ["10.0.0.0/8"], []],
    [
      ["::/0", "0.0.0.0/0"],
      ["2001:db8::1", "203.0.113.7"],
      ["2001:db8::1", "203.0.113.7"],
    ],
  ])("%j and %j: %j", (left, right, common) => {
    expect(intersectBlocks(left.map(read), right.map(read)).map(formatBlock)).toEqual(common);
  });

  test("an address is in it exactly when it is in both, and no block of it lies within another", () => {
    fc.assert(
      fc.property(
        blocks,
        blocks,
        fc.array(addressNear, { minLength: 1, maxLength: 8 }),
        (left, right, texts) => {
          const common = intersectBlocks(left, right);
          for (const address of texts.map(read)) {
            expect(holds(common, address)).toBe(holds(left, address) && holds(right, address));
          }
          for (const [index, each] of common.entries()) {
            expect(common.some((other, at) => at !== index && contains(other, each))).toBe(false);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("it confers nothing that either list lacks, whichever comes first", () => {
    fc.assert(
      fc.property(blocks, blocks, (left, right) => {
        const common = intersectBlocks(left, right);
        expect(common.every((each) => holds(left, each) && holds(right, each))).toBe(true);
        const sorted = (list: readonly AddressBlock[]) => list.map(formatBlock).toSorted();
        expect(sorted(intersectBlocks(right, left))).toEqual(sorted(common));
        expect(sorted(intersectBlocks(common, left))).toEqual(sorted(common));
      }),
    );
  });
});

function read(text: string): AddressBlock {
  const parsed = parseBlock(text);
  if (parsed === null) throw new Error(`expected a block: ${text}`);
  return parsed;
}

function holds(list: readonly AddressBlock[], address: AddressBlock): boolean {
  return list.some((each) => contains(each, address));
}

function plainText(all: readonly number[]): string {
  if (all.length === 8) return all.map((each) => each.toString(16)).join(":");
  return all.flatMap((each) => [each >> 8, each & 0xff]).join(".");
}
