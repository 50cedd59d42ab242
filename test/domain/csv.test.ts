import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvRecord, type CsvCell } from "../../src/domain/csv.ts";

/** A reader of RFC 4180 that knows nothing of the writer. */
function read(record: string): string[] {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    let cell = "";
    if (record[at] === '"') {
      for (at += 1; record[at] !== '"' || record[at + 1] === '"'; at += 1) {
        if (record[at] === '"') at += 1;
        cell += record[at];
      }
      at += 1;
    } else {
      while (record[at] !== "," && record[at] !== "\r") cell += record[at++];
    }
    cells.push(cell);
    if (record[at] === "\r") return record.slice(at) === "\r\n" ? cells : ["broken"];
    at += 1;
  }
}

const alone = (cell: CsvCell) => csvRecord([cell]).slice(0, -2);

describe("a CSV record", () => {
  it.each<[CsvCell, string]>([
    ["plain", "plain"],
    [null, ""],
    ["", ""],
    [-5, "-5"],
    [0, "0"],
    [["a", "b"], "a b"],
    ["a,b", '"a,b"'],
    ['say "x"', '"say ""x"""'],
    ["two\nlines", '"two\nlines"'],
    ["two\r\nlines", '"two\r\nlines"'],
    [" spaced ", '" spaced "'],
    ["=1", "'=1"],
    ["+1", "'+1"],
    ["-1", "'-1"],
    ["@x", "'@x"],
    ["\tx", '"\'\tx"'],
    ["\rx", '"\'\rx"'],
    ["\nx", '"\'\nx"'],
    [" =1", "' =1"],
    ["\u00a0=1", "'\u00a0=1"],
    ["＝1", "'＝1"],
    ["a;=1", '"a;\'=1"'],
    ["a\n=1", '"a\n\'=1"'],
    ["a\t+1", '"a\t\'+1"'],
    ["a=1", "a=1"],
    ["a-b", "a-b"],
    ["'=1", "'=1"],
    [["=1", "x"], "'=1 x"],
    ['"=1', '"""=1"'],
  ])("writes %j as %j", (cell, written) => {
    expect(alone(cell)).toBe(written);
  });

  it("ends with CRLF and keeps the number of its cells", () => {
    expect(csvRecord(["a", 1, null])).toBe("a,1,\r\n");
  });

  const nasty = fc.string({
    unit: fc.constantFrom(..."ab=+-@;,\"'\t\r\n ＝\u00a0é日\u2028".split("")),
    maxLength: 12,
  });

  it("can be read again, but for the apostrophes that disarm", () => {
    fc.assert(
      fc.property(fc.array(nasty, { minLength: 1, maxLength: 5 }), (cells) => {
        const bare = (texts: readonly string[]) => texts.map((each) => each.replaceAll("'", ""));
        expect(bare(read(csvRecord(cells)))).toEqual(bare(cells));
      }),
    );
  });

  it("never begins a cell with a formula, by whatever separator it is read", () => {
    fc.assert(
      fc.property(fc.array(nasty, { minLength: 1, maxLength: 5 }), (cells) => {
        for (const cell of read(csvRecord(cells)).flatMap((each) => each.split(/[;\t\r\n]/))) {
          expect(cell).not.toMatch(/^\s*[=+\-@＝]/);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
