/** `npm run regions`: writes an environment for each region into `wrangler.toml`; see src/deployments.ts. */
import { readFileSync, writeFileSync } from "node:fs";
import { CONFIG } from "./local/build.ts";
import { writeRegions } from "./regions/environments.ts";

const before = readFileSync(CONFIG, "utf8");
const after = await writeRegions(before);
if (after !== before) writeFileSync(CONFIG, after);
console.log(
  after === before ? "wrangler.toml is as it should be." : "Wrote the environments of wrangler.toml.",
);
