/**
 * `npm run move-team -- <team> --from us --to eu`: moves a team to another region (README, "Moving a team"). The keys
 * of both operators are in `OPERATOR_KEY_US`, `OPERATOR_KEY_EU` and so on. `--confirm` ends it, `--undo` brings it
 * back; stopped anywhere, the same command goes on.
 */
import { setTimeout as wait } from "node:timers/promises";
import { Trouble } from "./local/trouble.ts";
import { readMoveWish } from "./move/arguments.ts";
import { confirmMove, moveTeam } from "./move/move.ts";
import { Refused, type MoveTools } from "./move/region.ts";
import { undoMove } from "./move/undo.ts";

const tools: MoveTools = {
  send: (url, init) => fetch(url, { ...init, redirect: "manual", signal: AbortSignal.timeout(120_000) }),
  wait: async (milliseconds) => wait(milliseconds),
  say: (line) => console.log(line),
};

const RUN = { move: moveTeam, confirm: confirmMove, undo: undoMove } as const;

try {
  const wish = readMoveWish(process.argv.slice(2), process.env);
  await RUN[wish.what](wish, tools);
} catch (error) {
  if (!(error instanceof Trouble) && !(error instanceof Refused)) throw error;
  console.error(error.message);
  process.exit(1);
}
