/**
 * `npm run verify-audit -- export.json [--head <number>:<hash>]` verifies an export of the audit trail (a
 * report of type `audit-trail` in JSON), without any connection; `-` reads standard input. It says OK with
 * the last event's number and hash, or names the first event that was changed, dropped, moved or put in.
 *
 * A chain proves that nothing up to its last event was touched since that event's hash was noted somewhere
 * else. That events were dropped from its end, or that all of it was reckoned anew, only a noted hash can
 * tell: give it as `--head`.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { parseArgs } from "node:util";
import { ExportVerifier, type ExportFinding } from "../src/domain/audit-export.ts";
import type { ChainLink } from "../src/domain/audit-chain.ts";

const USAGE =
  "usage: npm run verify-audit -- <export.json, or - for standard input> [--head <number>:<hash>]";

const EXPLAINED = {
  changed: "was changed: its content, its number or its hash is not what was sealed",
  gap: "does not follow: what should stand before it was dropped or moved",
  order: "stands in the wrong place: it was moved, repeated or put in",
  foreign: "belongs to another team",
  layout: "is not as it was exported; download the report again and verify that",
  cut: "the end of the file is missing",
  head: "the file names another event as its last: events were dropped from its end",
  noted: "the noted event is another one here, or gone: the chain was cut or made anew",
} as const;

process.exitCode = await main();

async function main(): Promise<number> {
  const wanted = readArguments();
  if (wanted === null) {
    console.error(USAGE);
    return 2;
  }
  try {
    const verifier = new ExportVerifier(sha256, wanted.noted);
    for await (const line of linesOf(wanted.file)) if (!verifier.take(line)) break;
    return tell(verifier.finish());
  } catch (error) {
    console.error(`cannot read ${wanted.file}: ${error instanceof Error ? error.message : String(error)}`);
    return 2;
  }
}

function readArguments(): { file: string; noted: ChainLink | null } | null {
  try {
    const { values, positionals } = parseArgs({
      options: { head: { type: "string" } },
      allowPositionals: true,
    });
    const [file, ...others] = positionals;
    if (file === undefined || others.length > 0) return null;
    if (values.head === undefined) return { file, noted: null };
    const [, number, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(values.head) ?? [];
    return number === undefined || hash === undefined
      ? null
      : { file, noted: { number: Number(number), hash } };
  } catch {
    return null;
  }
}

/** Lines end with a line feed and nothing else: names may hold other characters that break lines. */
async function* linesOf(file: string): AsyncGenerator<string> {
  const input = file === "-" ? process.stdin : createReadStream(file);
  let rest = "";
  for await (const chunk of input.setEncoding("utf8") as AsyncIterable<string>) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function tell(finding: ExportFinding): number {
  if (finding.ok) {
    const { team, previous, head, notedIsBefore } = finding;
    const count = head.number - previous.number;
    const numbers = count === 0 ? "" : `, numbers ${previous.number + 1} to ${head.number}`;
    console.log(`OK: ${count} events of ${team}${numbers}`);
    console.log(`head ${head.number}:${head.hash}`);
    if (previous.number > 0) console.log(`an excerpt: it goes on from ${previous.number}:${previous.hash}`);
    if (notedIsBefore) console.log("the noted event lies before this excerpt: it was not compared");
    return 0;
  }
  const { fault, line, event, expected } = finding;
  const what = event === null ? "" : `event ${event.number} (${event.id}) `;
  const where = expected === null ? "" : `; expected: event ${expected}`;
  console.log(`NOT OK, line ${line}: ${what}${EXPLAINED[fault]}${where}`);
  return 1;
}
