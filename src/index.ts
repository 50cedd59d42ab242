import { createApp } from "./app.ts";
import { handlersOf } from "./entry.ts";
import { serveConsole } from "./routes/console/serve.tsx";
import { depsOf } from "./wiring.ts";

export { Authority, Journal, Limiter } from "./entry.ts";

export default handlersOf(createApp(depsOf, serveConsole));
