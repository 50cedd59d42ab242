import { createApp } from "./app.ts";
import { handlersOf } from "./entry.ts";
import { depsOf } from "./wiring.ts";

export { Authority, Journal, Limiter } from "./entry.ts";

const loadConsole = async () => (await import("./routes/console/serve.tsx")).serveConsole;

export default handlersOf(createApp(depsOf, loadConsole));
