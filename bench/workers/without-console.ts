/** Jeton without the pages that people look at: what those add to its weight and start is the difference. */
import { createApp } from "../../src/app.ts";
import { handlersOf } from "../../src/entry.ts";
import { depsOf } from "../../src/wiring.ts";

export { Authority, Journal, Limiter } from "../../src/entry.ts";

export default handlersOf(createApp(depsOf));
