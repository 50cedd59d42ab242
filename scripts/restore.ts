/** `npm run restore`: puts a backup in the place of a region's state, which must not be served meanwhile. */
import { resolve } from "node:path";
import { restore } from "./backup/restore.ts";
import { placeOf, readWords, runCommand } from "./backup/words.ts";
import { Trouble } from "./local/trouble.ts";

const USAGE =
  "npm run restore -- --region cn --state /var/lib/jeton --from BACKUP [--from BACKUP-OF-THE-JOURNAL …]";

runCommand(() => {
  const text = { type: "string" } as const;
  const words = readWords({ region: text, state: text, from: { type: "string", multiple: true } }, USAGE);
  const from = (words.from ?? []).map((folder) => resolve(folder));
  if (from.length === 0) throw new Trouble(`--from is missing: ${USAGE}`);
  const { setAside, keptJournal } = restore({ ...placeOf(words, USAGE), from });
  console.log(
    keptJournal
      ? "Restored; the journal that was there stayed, and what it knows to be revoked will be so again."
      : "Restored, with the backup's journal: what was revoked after it is not known here.",
  );
  if (setAside !== null) console.log(`What was there before is in ${setAside}.`);
});
