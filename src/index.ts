import { createApp } from "./app.ts";
import { handlersOf } from "./handlers.ts";
import { serveConsole } from "./routes/console/serve.tsx";
import { depsOf } from "./wiring.ts";

export { Authority } from "./authority.ts";
export { Journal } from "./objects/journal.ts";
export { Limiter } from "./objects/limiter.ts";

export default handlersOf(createApp(depsOf, serveConsole));
