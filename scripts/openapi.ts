/**
 * `npm run openapi` writes `assets/openapi.json` from the route table; with `--check` it writes nothing, and fails
 * when the file is not what it would have written.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { apiRoutes } from "../src/routes/api/table.ts";
import { describeApi } from "./openapi/document.ts";

/** In the folder that it is run in; npm runs it in the root. */
const FILE = "assets/openapi.json";

const text = `${JSON.stringify(describeApi(apiRoutes), null, 2)}\n`;
if (!process.argv.includes("--check")) {
  writeFileSync(FILE, text);
} else if (!existsSync(FILE) || readFileSync(FILE, "utf8") !== text) {
  console.error("assets/openapi.json is not what the routes say: run `npm run openapi`");
  process.exitCode = 1;
}
