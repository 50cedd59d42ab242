import { eraseAnswers } from "../../store/retry-answers.ts";
import type { Deps } from "../deps.ts";
import type { Moment } from "../moment.ts";
import { RETRY_MS } from "./retry-answer.ts";

/** Erases the answer that was kept for a retry once its time is over; the scheduled job gets what is missed here. */
export function eraseLater(deps: Pick<Deps, "db" | "clock" | "startTimer">, moment: Moment): void {
  moment.background(
    deps
      .startTimer(RETRY_MS + 1_000)
      .done.then(() => eraseOldAnswers(deps))
      .catch(ignore),
  );
}

export async function eraseOldAnswers({ db, clock }: Pick<Deps, "db" | "clock">): Promise<void> {
  await eraseAnswers(db, clock() - RETRY_MS);
}

function ignore(): void {}
