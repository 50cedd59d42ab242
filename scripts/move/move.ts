import { appendFileSync, rmSync } from "node:fs";
import { Trouble } from "../local/trouble.ts";
import type { MoveWish } from "./arguments.ts";
import { RowCopier } from "./copy-rows.ts";
import { MovingRegion, Refused, type Move, type MoveTools } from "./region.ts";

/** What is revoked while the team stands still makes the two sides differ once more. */
const MAX_ROUNDS = 10;

/**
 * Moves a team from one region to another. Stopped anywhere, the same command goes on from there: where the move is,
 * the two regions know.
 * @throws {Trouble} when something stands in the way
 */
export async function moveTeam(wish: MoveWish, tools: MoveTools): Promise<void> {
  const { team, from: leaving, to: arriving } = wish;
  const { say } = tools;
  const from = new MovingRegion(leaving, tools);
  const to = new MovingRegion(arriving, tools);
  const move = await from.begin(team, arriving.code);
  const { id } = move;
  say(`Move ${id} of ${team} from ${leaving.code} to ${arriving.code}: ${move.state}.`);
  if (move.state === "confirmed") return;
  await forgetEarlier(to, move, team);
  const arrival = await to.receive(move, team, leaving.code);
  if (arrival.state === "declined")
    throw new Trouble(`${arriving.code} has declined this move: run it with --undo.`);
  // Asked for again, the step finishes whatever of it was cut off.
  const left =
    move.state === "handed_over"
      ? await from.step(id, "hand-over", { sha256: move.sha256 ?? "0".repeat(64) })
      : await handOver({ from, to, id, say });
  await take({ from, to, id, say }, left, wish);
  const { rows, sha256 } = await compare(from, to, id);
  say(
    `${arriving.code} has it, and ${leaving.code} sends everybody there. Both say: ${rows}; SHA-256 ${sha256}.`,
  );
  await invite(to, id, wish.invitations, say);
  say(
    `Until you run the same command with --confirm, ${leaving.code} keeps its copy, and --undo brings the team back.`,
  );
}

/** A region has one open move of a team: of an earlier one, this side was not told that it was called off. */
async function forgetEarlier(to: MovingRegion, { id, from }: Move, team: string): Promise<void> {
  const open = (await to.moves(team)).find(({ state }) => state === "receiving");
  if (open !== undefined && open.id !== id && open.from === from) await to.step(open.id, "decline");
}

interface Sides {
  readonly from: MovingRegion;
  readonly to: MovingRegion;
  readonly id: string;
  readonly say: MoveTools["say"];
}

/** Copies while the team goes on working, then the rest while it stands still, until both have the same. */
async function handOver({ from, to, id, say }: Sides): Promise<Move> {
  const copier = new RowCopier(from, to);
  say(`Copied ${await copier.copy(id)} rows while the team went on.`);
  const obstacles = await to.obstacles(id);
  if (obstacles.length > 0) {
    throw new Trouble(["Nothing has moved. In the way:", ...obstacles].join("\n  "));
  }
  for (let rounds = 0; rounds < MAX_ROUNDS; rounds += 1) {
    await from.step(id, "freeze");
    say(`The team stands still; copied ${await copier.copy(id)} more.`);
    const { sha256 } = await to.digest(id);
    try {
      return await from.step(id, "hand-over", { sha256 });
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 409) throw error;
      say(`Once more: ${error.message}`);
      if (rounds > 0) copier.forget();
    }
  }
  throw new Trouble(
    "The two sides do not come to have the same rows. The team stays where it was: run it again.",
  );
}

/** A row that was lost or overtaken on the way is sent once more; anything else is the operator's to mend. */
async function take({ from, to, id, say }: Sides, { statement }: Move, wish: MoveWish): Promise<void> {
  say("Handed over.");
  for (const isLast of [false, true]) {
    try {
      await to.step(id, "take", { statement });
      return;
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 409) throw error;
      if (isLast) {
        const undo = `npm run move-team -- ${wish.team} --from ${wish.from.code} --to ${wish.to.code} --undo`;
        throw new Trouble(`${error.message} Mend that and run it again, or call it off: ${undo}`);
      }
      say(`Copying once more: ${error.message}`);
      await new RowCopier(from, to).copy(id);
    }
  }
}

/** Both sides' word, once more: so many rows of each kind, and all of them the same. */
async function compare(from: MovingRegion, to: MovingRegion, id: string) {
  const [left, taken] = await Promise.all([from.show(id), to.show(id)]);
  const [leftRows, takenRows] = [left, taken].map(({ rows }) => JSON.stringify(rows));
  if (taken.state !== "taken" || taken.sha256 !== left.sha256 || takenRows !== leftRows) {
    throw new Trouble(`The two sides do not say the same: ${left.state} and ${taken.state}.`);
  }
  const kinds = Object.entries(taken.rows ?? {}).filter(([, count]) => count > 0);
  return { sha256: taken.sha256, rows: kinds.map(([kind, count]) => `${count} ${kind}`).join(", ") };
}

/** Links are credentials: they go into a file of their owner's, never onto the screen. */
async function invite(to: MovingRegion, id: string, file: string, say: MoveTools["say"]): Promise<void> {
  let cursor: string | null = "";
  let written = 0;
  while (cursor !== null) {
    const page: Awaited<ReturnType<MovingRegion["invitations"]>> = await to.invitations(id, cursor);
    const lines = page.invitations.map(({ email, link }) => `${email}\t${link}\n`).join("");
    // Made anew: one that is there already would keep its mode.
    if (lines !== "" && written === 0) rmSync(file, { force: true });
    if (lines !== "") appendFileSync(file, lines, { mode: 0o600 });
    written += page.invitations.length;
    cursor = page.next_cursor;
  }
  if (written > 0) say(`${written} members have no account there yet; their links are in ${file}.`);
}

/** Lets the old region forget what it had. */
export async function confirmMove(wish: MoveWish, tools: MoveTools): Promise<void> {
  const { from: leaving, to: arriving } = wish;
  const from = new MovingRegion(leaving, tools);
  const move = await findLeft(from, wish, ["handed_over", "confirmed"]);
  if (move === null)
    throw new Trouble(`${leaving.code} has handed the team over to nobody, or it has come back.`);
  const { id } = move;
  const { statement } = await new MovingRegion(arriving, tools).show(id);
  if (statement === null) throw new Trouble("The other region has not taken the team yet.");
  await from.step(id, "confirm", { statement });
  tools.say(`${leaving.code} has forgotten the team, but for its audit trail and where it is now.`);
}

/** The latest move of the team from there, if it is in one of these states; null: there is none. */
export async function findLeft(
  from: MovingRegion,
  { team, to }: MoveWish,
  states: readonly string[],
): Promise<Move | null> {
  const moves = await from.moves(team);
  const left = moves.find((move) => move.to === to.code);
  return left !== undefined && states.includes(left.state) ? left : null;
}
