/** Starts an isolate for each request: `GET /<code>/<number>` runs that code in a fresh one and passes its answer on. */
interface LoadedWorker {
  getEntrypoint(): { fetch(request: Request): Promise<Response> };
}

interface WorkerCode {
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
  readonly mainModule: string;
  readonly modules: Readonly<Record<string, { readonly js: string }>>;
  readonly env: Readonly<Record<string, unknown>>;
}

/** A Worker's code, and the path at which it is asked. */
export interface Code extends WorkerCode {
  readonly path: string;
}

interface Env {
  readonly LOADER: { get(name: string, load: () => WorkerCode): LoadedWorker };
  readonly CODES: Readonly<Record<string, Code>>;
}

export default {
  fetch(request: Request, { LOADER, CODES }: Env): Promise<Response> | Response {
    const { pathname } = new URL(request.url);
    const code = CODES[pathname.split("/")[1] ?? ""];
    if (code === undefined) return new Response("no such code", { status: 404 });
    const { path, ...workerCode } = code;
    const fresh = LOADER.get(pathname, () => workerCode);
    return fresh.getEntrypoint().fetch(new Request(`http://localhost${path}`));
  },
};
