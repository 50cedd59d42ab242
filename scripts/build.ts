/** `npm run build`: the Worker, as it is deployed; `wrangler` calls this before it uploads. */
import { BUILD_FOLDER, buildModules } from "./build/worker.ts";

try {
  await buildModules(BUILD_FOLDER);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
