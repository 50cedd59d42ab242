import { createHash } from "node:crypto";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ROOT } from "../../scripts/check/tool.ts";
import { CHAIN_START, nextLink, type ChainedEvent } from "../../src/domain/audit-chain.ts";

const folder = mkdtempSync(join(tmpdir(), "verify-audit-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

function chainOf(length: number, ip: string | null = null): ChainedEvent[] {
  let link = CHAIN_START;
  return Array.from({ length }, (_, index) => {
    const event = {
      id: `aud_${index + 1}`,
      team: "team_one",
      at: "2026-11-22T10:00:00.000Z",
      type: "team.updated",
      actor: { id: "operator", owner: "operator" },
      subject: "team_one",
      ip,
      // Breaks lines for whoever splits them at more than a line feed.
      detail: { after: { name: `a\u2028b\u0085c 日本 ${index}` } },
    };
    link = nextLink(link, event, sha256);
    return { ...event, chain: link };
  });
}

function write(name: string, events: readonly ChainedEvent[], end = "\n]}\n"): string {
  const report = { id: "rep_1", team: "team_one", type: "audit-trail" };
  const opening = JSON.stringify({
    report,
    previous: CHAIN_START,
    head: events.at(-1)?.chain ?? CHAIN_START,
  });
  const file = join(folder, name);
  const rows = events.map((event) => JSON.stringify(event)).join(",\n");
  writeFileSync(file, `${opening.slice(0, -1)},"rows":[\n${rows}${end}`);
  return file;
}

function run(args: readonly string[], input = "") {
  const script = join(ROOT, "scripts/verify-audit.ts");
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    input,
    encoding: "utf8",
  });
  return { status, text: stdout + stderr };
}

const chain = chainOf(5);
const head = (event: ChainedEvent | undefined) => `${event?.chain.number}:${event?.chain.hash}`;

describe("npm run verify-audit", () => {
  test("says OK with count and head of an export that holds", () => {
    const { status, text } = run([write("good.json", chain)]);
    expect(status).toBe(0);
    expect(text).toBe(`OK: 5 events of team_one, numbers 1 to 5\nhead ${head(chain[4])}\n`);
  });

  test("names the first event that does not hold", () => {
    const changed = run([write("changed.json", chain.with(2, { ...chain[2]!, ip: "::1" }))]);
    expect(changed).toMatchObject({
      status: 1,
      text: expect.stringMatching(/^NOT OK, line 4: event 3 \(aud_3\) was changed/),
    });
    const dropped = run([write("dropped.json", chain.toSpliced(1, 1))]);
    expect(dropped).toMatchObject({
      status: 1,
      text: expect.stringMatching(/event 3 \(aud_3\) does not follow.*expected: event 2/),
    });
    const moved = run([write("moved.json", [...chain.slice(1), chain[0]!])]);
    expect(moved.status).toBe(1);
    const cut = run([write("cut.json", chain, "")]);
    expect(cut).toMatchObject({ status: 1, text: expect.stringMatching(/end of the file is missing/) });
  });

  test("compares a head that was noted earlier", () => {
    const file = write("noted.json", chain.slice(0, 3));
    expect(run([file, "--head", head(chain[2])]).status).toBe(0);
    expect(run([file, "--head", head(chain[4])])).toMatchObject({
      status: 1,
      text: expect.stringMatching(/cut or made anew/),
    });
    expect(run([file, `--head=${head(chainOf(3, "::1")[1])}`]).status).toBe(1);
  });

  test("reads standard input, and files larger than a piece of them", () => {
    const many = chainOf(5_000);
    const file = write("many.json", many);
    expect(run([file, "--head", head(many[4_321])])).toMatchObject({
      status: 0,
      text: expect.stringContaining("OK: 5000 events"),
    });
    expect(run(["-"], "nonsense").status).toBe(1);
    expect(run(["-"], "").status).toBe(1);
  });

  test("ends with 2 when there is nothing to verify", () => {
    expect(run([])).toMatchObject({ status: 2, text: expect.stringContaining("usage") });
    expect(run(["a", "b"]).status).toBe(2);
    expect(run([join(folder, "nowhere.json")])).toMatchObject({
      status: 2,
      text: expect.stringContaining("cannot read"),
    });
    expect(run([folder]).status).toBe(2);
    expect(run([write("x.json", chain), "--head", "5"]).status).toBe(2);
    expect(run(["--unknown"]).status).toBe(2);
  });
});
