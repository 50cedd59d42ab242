/** How long a page waits for a file; it can do without. */
const MAX_WAIT_MS = 2_000;

/** Gets one of the files that go up with the Worker, by its path. */
export type FetchAsset = (path: string, signal: AbortSignal) => Promise<Response>;

/**
 * Files beside the Worker's script, for what only some need and all would have to load with it. Each is kept
 * from when it was first read; what could not be read is asked for again the next time.
 */
export class Assets {
  readonly #fetch: FetchAsset;
  readonly #kept = new Map<string, unknown>();

  constructor(fetch: FetchAsset) {
    this.#fetch = fetch;
  }

  /**
   * A file of JSON, null: it is not there, or cannot be read.
   *
   * No request waits for another one's read: the platform cancels a read together with the request that owns it
   * (facts: platform, "Workers").
   * @param read what is kept of it
   */
  read<T>(path: string, read: (json: unknown) => T): Promise<T | null> {
    return this.#keep(path, async (response) => read(await response.json()));
  }

  /** A file of text; null as above. */
  text(path: string): Promise<string | null> {
    return this.#keep(path, (response) => response.text());
  }

  async #keep<T>(path: string, read: (response: Response) => Promise<T>): Promise<T | null> {
    if (this.#kept.has(path)) return this.#kept.get(path) as T;
    try {
      const response = await this.#fetch(path, AbortSignal.timeout(MAX_WAIT_MS));
      if (response.status !== 200) {
        await response.body?.cancel();
        return null;
      }
      const value = await read(response);
      this.#kept.set(path, value);
      return value;
    } catch {
      return null;
    }
  }
}
