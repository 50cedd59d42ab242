import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CHAIN_START,
  nextLink,
  type AuditEvent,
  type ChainedEvent,
  type ChainLink,
} from "../../src/domain/audit-chain.ts";
import { ExportVerifier, type ExportFinding } from "../../src/domain/audit-export.ts";
import type { JsonValue } from "../../src/domain/canonical-json.ts";

const TEAM = "team_one";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const text = fc.string({ unit: "grapheme", maxLength: 20 });

const event = fc.record<AuditEvent>({
  id: text,
  team: fc.constant(TEAM),
  at: fc.constant("2026-11-22T10:00:00.000Z"),
  type: fc.constantFrom("team.updated", "check.denied"),
  actor: fc.record({ id: text, owner: text }),
  subject: text,
  ip: fc.option(fc.ipV4()),
  // As the store gives it back: by way of JSON.
  detail: fc.option(fc.dictionary(text, fc.jsonValue())).map(throughJson),
});

function throughJson(value: unknown): Record<string, JsonValue> | null {
  return JSON.parse(JSON.stringify(value)) as Record<string, JsonValue> | null;
}

/** Seals events after a link, as the Worker does. */
function seal(events: readonly AuditEvent[], previous: ChainLink = CHAIN_START): ChainedEvent[] {
  let link = previous;
  return events.map((each) => {
    link = nextLink(link, each, sha256);
    return { ...each, chain: link };
  });
}

function exportOf(events: readonly ChainedEvent[], previous: ChainLink = CHAIN_START): string[] {
  const head = events.at(-1)?.chain ?? previous;
  const report = { id: "rep_1", team: TEAM, type: "audit-trail" };
  return [
    `${JSON.stringify({ report, previous, head }).slice(0, -1)},"rows":[`,
    ...events.map((each, index) => JSON.stringify(each) + (index === events.length - 1 ? "" : ",")),
    "]}",
  ];
}

function verify(lines: readonly string[], noted: ChainLink | null = null): ExportFinding {
  const verifier = new ExportVerifier(sha256, noted);
  for (const line of lines) verifier.take(line);
  return verifier.finish();
}

const chains = fc.array(event, { minLength: 3, maxLength: 8 }).map((events) => seal(events));

describe("an export", () => {
  it("holds, whole or any excerpt of it, whatever its events hold", () => {
    fc.assert(
      fc.property(chains, fc.nat(), fc.nat(), (chain, a, b) => {
        const [from, to] = [a % chain.length, b % chain.length].sort((x, y) => x - y) as [number, number];
        const previous = chain[from - 1]?.chain ?? CHAIN_START;
        const lines = exportOf(chain.slice(from, to + 1), previous);
        expect(verify(lines)).toEqual({
          ok: true,
          team: TEAM,
          previous,
          head: chain[to]?.chain,
          notedIsBefore: false,
        });
        // One JSON document all the same.
        expect((JSON.parse(lines.join("\n")) as { rows: unknown[] }).rows).toHaveLength(to + 1 - from);
      }),
    );
  });

  it("of nothing holds too", () => {
    expect(verify(exportOf([]))).toMatchObject({ ok: true, head: CHAIN_START });
  });

  it("with any event changed, dropped, repeated, moved, swapped or put in does not", () => {
    const tamperings: Readonly<Record<string, (chain: ChainedEvent[], at: number) => ChainedEvent[]>> = {
      changed: (chain, at) => chain.with(at, { ...chain[at]!, subject: `${chain[at]!.subject}x` }),
      dropped: (chain, at) => chain.toSpliced(at, 1),
      repeated: (chain, at) => chain.toSpliced(at, 0, chain[at]!),
      moved: (chain, at) => [...chain.toSpliced(at, 1), chain[at]!],
      swapped: (chain, at) => chain.with(at, chain[at + 1]!).with(at + 1, chain[at]!),
      inserted: (chain, at) => chain.toSpliced(at, 0, { ...chain[at]!, id: "aud_new" }),
      renumbered: (chain, at) =>
        chain
          .toSpliced(at, 1)
          .map((each, index) => ({ ...each, chain: { ...each.chain, number: index + 1 } })),
      resealed: (chain, at) =>
        chain.with(at, seal([{ ...chain[at]!, ip: "::" }], chain[at - 1]?.chain ?? CHAIN_START)[0]!),
    };
    fc.assert(
      fc.property(chains, fc.nat(), fc.constantFrom(...Object.keys(tamperings)), (chain, place, name) => {
        const at = place % (chain.length - 1);
        const tampered = tamperings[name]!(chain, at);
        const lines = exportOf(tampered);
        // The opening is left as it was: who tampers with events has it from the true export.
        lines[0] = exportOf(chain)[0]!;
        const finding = verify(lines);
        expect(finding.ok, name).toBe(false);
        if (!finding.ok) expect(finding.expected, name).toBeGreaterThanOrEqual(at + 1);
        if (!finding.ok) expect(finding.expected, name).toBeLessThanOrEqual(at + 2);
      }),
    );
  });

  it("with any character of it changed does not, the head of the report excepted", () => {
    const lines = exportOf(seal(fc.sample(event, { numRuns: 3, seed: 7 })));
    const whole = lines.join("\n");
    const start = whole.indexOf('"previous"');
    fc.assert(
      fc.property(
        fc.integer({ min: start, max: whole.length - 1 }),
        fc.constantFrom("a", "0", " ", "}", '"'),
        (at, by) => {
          fc.pre(whole[at] !== by);
          const changed = whole.slice(0, at) + by + whole.slice(at + 1);
          expect(verify(changed.split("\n")).ok).toBe(false);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe("what is wrong", () => {
  const chain = seal(
    ["a", "b", "c", "d"].map((id) => ({
      id,
      team: TEAM,
      at: "2026-11-22T10:00:00.000Z",
      type: "team.updated",
      actor: { id: "operator", owner: "operator" },
      subject: TEAM,
      ip: null,
      detail: null,
    })),
  );
  const lines = exportOf(chain);

  it("is told by the event and the number that should have come", () => {
    const changed = exportOf(chain.with(2, { ...chain[2]!, ip: "::1" }));
    expect(verify(changed)).toEqual({
      ok: false,
      fault: "changed",
      line: 4,
      event: { id: "c", number: 3 },
      expected: 3,
    });
    expect(verify(exportOf(chain.toSpliced(1, 1)))).toMatchObject({
      fault: "gap",
      event: { id: "c" },
      expected: 2,
    });
    expect(verify(exportOf(chain.toSpliced(2, 0, chain[0]!)))).toMatchObject({
      fault: "order",
      event: { id: "a" },
    });
  });

  it.each<[string, string[], string]>([
    ["nothing at all", [], "cut"],
    ["an empty file", [""], "layout"],
    ["the end cut off", lines.slice(0, -1), "cut"],
    ["the last events cut off", [...lines.slice(0, 2), "]}"], "head"],
    ["a line after the end", [...lines, "]}"], "layout"],
    ["an empty line between", lines.toSpliced(2, 0, ""), "layout"],
    ["a missing comma", lines.with(1, lines[1]!.slice(0, -1)), "layout"],
    ["a member twice", lines.with(1, lines[1]!.replace('"ip":null', '"ip":"::1","ip":null')), "layout"],
    ["a further member", lines.with(1, lines[1]!.replace('"ip":null', '"ip":null,"note":"x"')), "layout"],
    [
      "a further member of the actor",
      lines.with(1, lines[1]!.replace('"owner":', '"name":"x","owner":')),
      "layout",
    ],
    ["a space", lines.with(1, lines[1]!.replace(":", ": ")), "layout"],
    [
      "another way to write a string",
      lines.with(1, lines[1]!.replace('"a"', String.raw`"\u0061"`)),
      "layout",
    ],
    ["a number as text", lines.with(1, lines[1]!.replace('"number":1', '"number":"1"')), "layout"],
    ["another report", lines.with(0, lines[0]!.replace("audit-trail", "token-usage")), "layout"],
    [
      "a further member of the opening",
      lines.with(0, lines[0]!.replace('"previous"', '"note":1,"previous"')),
      "layout",
    ],
    ["another team's name on it", lines.with(0, lines[0]!.replace(TEAM, "team_two")), "foreign"],
    ["a line that nests without end", lines.with(1, `${"[".repeat(100_000)},`), "layout"],
  ])("with %s is %s", (_what, tampered, fault) => {
    expect(verify(tampered)).toMatchObject({ ok: false, fault });
  });

  it("at the end only a head that was noted earlier tells", () => {
    const shortened = exportOf(chain.slice(0, 2));
    expect(verify(shortened)).toMatchObject({ ok: true });
    expect(verify(shortened, chain[1]!.chain)).toMatchObject({ ok: true });
    expect(verify(shortened, chain[3]!.chain)).toMatchObject({ ok: false, fault: "noted" });
    const madeAnew = exportOf(seal(chain.map((each) => ({ ...each, ip: "::1" }))));
    expect(verify(madeAnew)).toMatchObject({ ok: true });
    expect(verify(madeAnew, chain[1]!.chain)).toMatchObject({
      ok: false,
      fault: "noted",
      event: { number: 2 },
    });
    expect(verify(lines, CHAIN_START)).toMatchObject({ ok: true });
  });
});
