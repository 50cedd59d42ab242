import { Trouble } from "../local/trouble.ts";
import type { MoveWish } from "./arguments.ts";
import { moveTeam } from "./move.ts";
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
  const { id, state } = await from.begin(team, arriving.code);
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
  const declined = arrival === null ? null : await to.step(id, "decline");
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
