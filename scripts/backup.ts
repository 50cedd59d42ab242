/** `npm run backup`: copies the state of a region that `npm run serve` serves, while it serves. */
import { join, resolve } from "node:path";
import { backUp } from "./backup/back-up.ts";
import { placeOf, readWords, runCommand } from "./backup/words.ts";
import { Trouble } from "./local/trouble.ts";

const USAGE = "npm run backup -- --region cn --state /var/lib/jeton --to /var/backups/jeton [--journal-only]";

runCommand(() => {
  const text = { type: "string" } as const;
  const options = { region: text, state: text, to: text, "journal-only": { type: "boolean" } } as const;
  const words = readWords(options, USAGE);
  const place = placeOf(words, USAGE);
  if (words.to === undefined || words.to === "") throw new Trouble(`--to is missing: ${USAGE}`);
  const isJournal = words["journal-only"] === true;
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, "-");
  const to = join(resolve(words.to), `${place.region}${isJournal ? "-journal" : ""}-${stamp}`);
  backUp({ ...place, to }, isJournal ? ["journal"] : ["database", "journal"]);
  console.log(to);
});
