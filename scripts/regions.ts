/**
 * `npm run regions` writes an environment for each region into `wrangler.toml`, as src/deployments.ts has it; with
 * `--check` it writes nothing, and fails when the file is not what it would write.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { CONFIG } from "./local/build.ts";
import { checkRegions, writeRegions } from "./regions/environments.ts";

if (process.argv.includes("--check")) {
  const outcome = await checkRegions();
  if (!outcome.ok) {
    console.error(outcome.problems);
    process.exitCode = 1;
  }
} else {
  const before = readFileSync(CONFIG, "utf8");
  const after = await writeRegions(before);
  if (after !== before) writeFileSync(CONFIG, after);
  console.log(
    after === before ? "wrangler.toml is as it should be." : "Wrote the environments of wrangler.toml.",
  );
}
