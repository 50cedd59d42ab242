/** Starts an isolate for each request: `GET /<code>/<number>` runs that code in a fresh one and passes its answer on. */
interface LoadedWorker {
  getEntrypoint(): { fetch(request: Request): Promise<Response> };
}

interface WorkerCode {
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
  readonly mainModule: string;
  readonly modules: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, unknown>>;
}

interface Env {
  readonly LOADER: { get(name: string, load: () => WorkerCode): LoadedWorker };
  /** By name: the script, and what it is bound to. */
  readonly CODES: Readonly<
    Record<string, { readonly script: string; readonly env: Record<string, unknown> }>
  >;
}

export default {
  fetch(request: Request, { LOADER, CODES }: Env): Promise<Response> | Response {
    const { pathname } = new URL(request.url);
    const code = CODES[pathname.split("/")[1] ?? ""];
    if (code === undefined) return new Response("no such code", { status: 404 });
    const fresh = LOADER.get(pathname, () => ({
      compatibilityDate: "2026-11-01",
      compatibilityFlags: ["nodejs_compat"],
      mainModule: "index.js",
      modules: { "index.js": code.script },
      env: code.env,
    }));
    return fresh.getEntrypoint().fetch(new Request("http://localhost/healthz"));
  },
};
