import { Trouble } from "../local/trouble.ts";
import type { MoveWish } from "./arguments.ts";
import { findLeft, moveTeam } from "./move.ts";
import { MovingRegion, Refused, type Move, type MoveTools } from "./region.ts";

/**
 * Brings a team back that has not been confirmed. One that never arrived goes on where it was; one that lives in the
 * other region by now comes back by a move of its own, with all that has happened there.
 * @throws {Trouble} when it has been confirmed
 */
export async function undoMove(wish: MoveWish, tools: MoveTools): Promise<void> {
  const { team, from: leaving, to: arriving } = wish;
  const from = new MovingRegion(leaving, tools);
  const to = new MovingRegion(arriving, tools);
  const move = await findLeft(from, wish, ["copying", "handed_over", "confirmed"]);
  if (move === null) throw new Trouble(`There is no move of the team from ${leaving.code} to call off.`);
  const { id, state } = move;
  if (state === "confirmed") {
    throw new Trouble(
      `The move is confirmed. Move the team back: --from ${arriving.code} --to ${leaving.code}.`,
    );
  }
  const arrival = await find(to, id);
  if (arrival?.state === "taken") {
    await moveTeam({ ...wish, from: arriving, to: leaving, what: "move" }, tools);
    return;
  }
  // One that never heard of it, or has forgotten, has to hear of it to say that it does not take the team.
  if (arrival === null && state === "handed_over") await to.receive(move, team, leaving.code);
  const isKnown = arrival !== null || state === "handed_over";
  const declined = isKnown ? await to.step(id, "decline") : null;
  await from.step(id, "cancel", { statement: declined?.statement ?? null });
  tools.say(`The team stays in ${leaving.code}, as if nothing had been.`);
}

/** Null: the other region never heard of it. */
async function find(region: MovingRegion, id: string): Promise<Move | null> {
  try {
    return await region.show(id);
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return null;
    throw error;
  }
}
