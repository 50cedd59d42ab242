/** Jeton without the pages that people look at: what those add to its weight and start is the difference. */
import { createApp } from "../../src/app.ts";
import { handlersOf } from "../../src/handlers.ts";
import { depsOf } from "../../src/wiring.ts";

export { Authority } from "../../src/authority.ts";
export { Journal } from "../../src/objects/journal.ts";
export { Limiter } from "../../src/objects/limiter.ts";

export default handlersOf(createApp(depsOf));
