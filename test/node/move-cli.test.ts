import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { readMoveWish, type MoveWish } from "../../scripts/move/arguments.ts";
import { RowCopier } from "../../scripts/move/copy-rows.ts";
import { confirmMove, moveTeam } from "../../scripts/move/move.ts";
import { MovingRegion } from "../../scripts/move/region.ts";
import { undoMove } from "../../scripts/move/undo.ts";
import { StandIn } from "./move-stand-in.ts";

const KEYS = { OPERATOR_KEY_US: "of us", OPERATOR_KEY_EU: "of eu" };
const WORDS = ["team_1", "--from", "us", "--to", "eu"];

const folder = mkdtempSync(join(tmpdir(), "move-cli-"));
const file = join(folder, "links.txt");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let world: StandIn;
let wish: MoveWish;
beforeEach(() => {
  world = new StandIn();
  const urls = ["--from-url", "https://us.test/", "--to-url", "https://eu.test"];
  wish = readMoveWish([...WORDS, ...urls, "--invitations", file], KEYS);
});

describe("npm run move-team", () => {
  test("reads the team, both regions and their keys, and knows where they are met", () => {
    expect(readMoveWish(WORDS, KEYS)).toMatchObject({
      team: "team_1",
      from: { code: "us", key: "of us", url: expect.stringMatching(/^https:\/\//) as string },
      to: { code: "eu", key: "of eu", url: expect.stringMatching(/^https:\/\//) as string },
      what: "move",
      invitations: "team_1-invitations.txt",
    });
    expect(readMoveWish([...WORDS, "--confirm"], KEYS).what).toBe("confirm");
    expect(readMoveWish([...WORDS, "--undo"], KEYS).what).toBe("undo");
    expect(wish.from.url).toBe("https://us.test");
  });

  test.each([
    [[]],
    [["--from", "us", "--to", "eu"]],
    [["team_1", "team_2", "--from", "us", "--to", "eu"]],
    [["team_1", "--from", "us"]],
    [["team_1", "--to", "eu"]],
    [["team_1", "--from", "us", "--to", "us"]],
    [["team_1", "--from", "us", "--to", "xx"]],
    [["team_1", "--from", "us", "--to"]],
    [[...WORDS, "--confirm", "--undo"]],
    [[...WORDS, "--force"]],
  ])("says how it is used when told %j", (words) => {
    expect(() => readMoveWish(words, KEYS)).toThrow("npm run move-team -- <team> --from <region>");
  });

  test.each([
    ["OPERATOR_KEY_US", { OPERATOR_KEY_EU: "of eu" }],
    ["OPERATOR_KEY_EU", { OPERATOR_KEY_US: "of us" }],
    ["OPERATOR_KEY_EU", { OPERATOR_KEY_US: "of us", OPERATOR_KEY_EU: "" }],
  ])("says that %s is missing", (name, environment) => {
    expect(() => readMoveWish(WORDS, environment)).toThrow(`The environment has no ${name}.`);
  });

  test("refuses an address that is none", () => {
    expect(() => readMoveWish([...WORDS, "--to-url", "nonsense"], KEYS)).toThrow("nonsense is no URL.");
  });
});

/** From us to eu, both of which know of the move. */
function copierBetween(): RowCopier {
  Object.assign(world.states, { us: "copying", eu: "receiving" });
  return new RowCopier(new MovingRegion(wish.from, world), new MovingRegion(wish.to, world));
}

describe("copying", () => {
  test("copies every page, and a second time only those that have changed", async () => {
    const copier = copierBetween();
    world.rows = ["a", "b", "c", "d", "e"];
    expect(await copier.copy("mov_1")).toBe(5);
    expect(world.written).toEqual([
      { after: "", until: "b", keys: ["a", "b"] },
      { after: "b", until: "d", keys: ["c", "d"] },
      { after: "d", until: null, keys: ["e"] },
    ]);

    world.written = [];
    expect(await copier.copy("mov_1")).toBe(0);
    expect(world.written).toEqual([]);

    // A row that has gone moves no other into its page, and one that has come is on the last one.
    world.rows = ["b", "c", "d", "e", "f"];
    expect(await copier.copy("mov_1")).toBe(3);
    expect(world.written).toEqual([
      { after: "", until: "b", keys: ["b"] },
      { after: "d", until: "f", keys: ["e", "f"] },
    ]);
  });

  test("copies all again once it has forgotten", async () => {
    const copier = copierBetween();
    world.rows = ["a", "b", "c"];
    await copier.copy("mov_1");
    copier.forget();
    expect(await copier.copy("mov_1")).toBe(3);
  });
});

describe("a region that does not answer", () => {
  test.each([
    ["an answer of 503", () => new Response("later", { status: 503 })],
    ["no answer", () => null],
  ])("is asked again after %s, later each time, and then goes on", async (_, trouble) => {
    world.trouble = { times: 3, path: /\/freeze$/, make: trouble };
    await moveTeam(wish, world);
    expect(world.waited).toEqual([500, 1_000, 2_000]);
    expect(world.said.filter((line) => line === "us does not answer; asking again.")).toHaveLength(3);
    expect(world.states).toMatchObject({ us: "handed_over", eu: "taken" });
  });

  test("is given up in the end, with a word on how to go on", async () => {
    world.trouble = { times: Number.POSITIVE_INFINITY, path: /\/take$/, make: () => null };
    await expect(moveTeam(wish, world)).rejects.toThrow(
      "https://eu.test does not answer. Run the same command again to go on.",
    );
    expect(world.waited).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000]);

    world.trouble = null;
    await moveTeam(wish, world);
    expect(world.states).toMatchObject({ us: "handed_over", eu: "taken" });
    // Asked for again, so that it finishes whatever of it was cut off.
    expect(world.asked.filter((line) => line.endsWith("/hand-over"))).toHaveLength(2);
    expect(world.asked.filter((line) => line.endsWith("/freeze"))).toHaveLength(1);
  });

  test("is not asked again after a refusal, which is told as it was given", async () => {
    const refusal = Response.json({ error_description: "The key is wrong." }, { status: 401 });
    world.trouble = { times: 1, path: /\/moves$/, make: () => refusal };
    await expect(moveTeam(wish, world)).rejects.toThrow("The key is wrong.");
    expect(world.waited).toEqual([]);
  });

  test("may refuse without a description that can be read", async () => {
    world.trouble = { times: 1, path: /\/moves$/, make: () => new Response("<html>", { status: 404 }) };
    await expect(moveTeam(wish, world)).rejects.toThrow("status 404");
  });
});

describe("the two sides", () => {
  test("each meet the key of their own operator and nobody else's", async () => {
    await moveTeam(wish, world);
    expect(new Set(world.keys)).toEqual(new Set(["us.test Bearer of us", "eu.test Bearer of eu"]));
    expect(world.said.join("\n")).not.toMatch(/of us|of eu/);
  });

  test("are compared again while they differ, and all is copied anew from the second time on", async () => {
    world.rows = ["a", "b", "c"];
    world.differs = 2;
    await moveTeam(wish, world);
    expect(world.asked.filter((line) => line.endsWith("/freeze"))).toHaveLength(3);
    expect(world.said.filter((line) => line.startsWith("Once more"))).toHaveLength(2);
    // Once before the team stood still, and once after they had differed for the second time.
    expect(world.written).toHaveLength(4);
    expect(world.states).toMatchObject({ us: "handed_over", eu: "taken" });
  });

  test("that never come to have the same leave the team where it was", async () => {
    world.differs = Number.POSITIVE_INFINITY;
    await expect(moveTeam(wish, world)).rejects.toThrow("The team stays where it was: run it again.");
    expect(world.asked.filter((line) => line.endsWith("/hand-over"))).toHaveLength(10);
    expect(world.states).toMatchObject({ us: "copying", eu: "receiving" });
  });

  test("have all copied once more when the team is not taken, which helps or is told", async () => {
    world.rows = ["a", "b", "c"];
    world.differing = "take";
    world.differs = 1;
    await moveTeam(wish, world);
    expect(world.written).toHaveLength(4);
    expect(world.states).toMatchObject({ us: "handed_over", eu: "taken" });

    world = new StandIn();
    world.differing = "take";
    world.differs = 2;
    await expect(moveTeam(wish, world)).rejects.toThrow(
      "They differ. Mend that and run it again, or call it off: npm run move-team -- team_1 --from us --to eu --undo",
    );
    expect(world.states).toMatchObject({ us: "handed_over", eu: "receiving" });
  });

  test("hand nothing over while something is in the way, and name all of it", async () => {
    world.obstacles = ["taken slug", "permission_unknown A.B"];
    await expect(moveTeam(wish, world)).rejects.toThrow(
      "Nothing has moved. In the way:\n  taken slug\n  permission_unknown A.B",
    );
    expect(world.asked.filter((line) => /freeze|hand-over/.test(line))).toEqual([]);
  });

  test("are not taken for the same when their counts differ", async () => {
    world.countsDiffer = true;
    await expect(moveTeam(wish, world)).rejects.toThrow("The two sides do not say the same");
  });
});

describe("the links", () => {
  test("of all pages go into one file of its owner's, never onto the screen", async () => {
    writeFileSync(file, "of an earlier run", { mode: 0o644 });
    world.invited = [["a@x.example"], [], ["b@x.example", "c@x.example"]];
    await moveTeam(wish, world);
    expect(readFileSync(file, "utf8").split("\n")).toEqual([
      "a@x.example\thttps://eu.test/invitations/a@x.example",
      "b@x.example\thttps://eu.test/invitations/b@x.example",
      "c@x.example\thttps://eu.test/invitations/c@x.example",
      "",
    ]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(world.said.join("\n")).not.toContain("/invitations/");
    expect(world.said).toContain(`3 members have no account there yet; their links are in ${file}.`);
  });
});

describe("--confirm", () => {
  test("is nothing to be had before the team has moved", async () => {
    await expect(confirmMove(wish, world)).rejects.toThrow("us has handed the team over to nobody");
    expect(world.states).toEqual({});
    world.trouble = { times: Number.POSITIVE_INFINITY, path: /\/take$/, make: () => null };
    await expect(moveTeam(wish, world)).rejects.toThrow("does not answer");
    world.trouble = null;
    await expect(confirmMove(wish, world)).rejects.toThrow("The other region has not taken the team yet.");
    expect(world.states["us"]).toBe("handed_over");
  });

  test("takes the other region's word to the one that forgets", async () => {
    await moveTeam(wish, world);
    await confirmMove(wish, world);
    expect(world.statements).toMatchObject({ take: "us says handed_over", confirm: "eu says taken" });
    expect(world.states["us"]).toBe("confirmed");
  });
});

describe("--undo", () => {
  test("begins nothing, where there is nothing to call off", async () => {
    await expect(undoMove(wish, world)).rejects.toThrow("There is no move of the team from us");
    expect(world.states).toEqual({});
  });

  test("calls off what the other region never heard of", async () => {
    world.states["us"] = "copying";
    await undoMove(wish, world);
    expect(world.states).toEqual({ us: "cancelled" });
    expect(world.statements["cancel"]).toBeNull();
  });

  test("tells a region that has forgotten of the move, so that it can say that it declines", async () => {
    world.states["us"] = "handed_over";
    await undoMove(wish, world);
    expect(world.states).toEqual({ us: "cancelled", eu: "declined" });
    expect(world.statements["cancel"]).toBe("eu says declined");
  });

  test("has the other region decline first, and takes its word to the one that goes on", async () => {
    world.trouble = { times: Number.POSITIVE_INFINITY, path: /\/take$/, make: () => null };
    await expect(moveTeam(wish, world)).rejects.toThrow("does not answer");
    await undoMove(wish, world);
    expect(world.states).toEqual({ us: "cancelled", eu: "declined" });
    expect(world.statements["cancel"]).toBe("eu says declined");
  });

  test("is refused once the move was confirmed, with the command that moves it back", async () => {
    world.states["us"] = "confirmed";
    await expect(undoMove(wish, world)).rejects.toThrow("--from eu --to us");
    expect(world.states).toEqual({ us: "confirmed" });
  });

  test("does not call off what it could not ask about", async () => {
    world.states["us"] = "copying";
    const refusal = Response.json({ error_description: "Who are you?" }, { status: 401 });
    world.trouble = { times: 1, path: /\/moves\/mov_1$/, make: () => refusal };
    await expect(undoMove(wish, world)).rejects.toThrow("Who are you?");
    expect(world.states).toEqual({ us: "copying" });
  });

  test("moves a team that was taken back the other way", async () => {
    await moveTeam(wish, world);
    world.asked = [];
    await expect(undoMove(wish, world)).resolves.toBeUndefined();
    expect(world.asked).toContain("POST eu.test/v1/teams/team_1/moves");
    expect(world.asked.filter((line) => /cancel|decline/.test(line))).toEqual([]);
  });
});
