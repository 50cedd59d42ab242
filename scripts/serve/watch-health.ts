const EVERY_MS = 5_000;
const TIMEOUT_MS = 5_000;
const MOST_FAILURES = 3;

/**
 * Asks a server again and again whether it serves, and reports once when it has failed several times in a row: a
 * runtime that dies is started anew in less, and what is not back by then nobody is helped by going on with.
 * @returns ends the watch
 */
export function watchHealth(url: string, onFailure: (why: string) => void, send = fetch): () => void {
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const ask = async (): Promise<void> => {
    const problem = await problemOf(url, send);
    failures = problem === null ? 0 : failures + 1;
    if (isOver) return;
    if (failures >= MOST_FAILURES) onFailure(problem ?? "");
    else wait();
  };
  const wait = (): void => {
    timer = setTimeout(() => void ask(), EVERY_MS);
  };
  wait();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

async function problemOf(url: string, send: typeof fetch): Promise<string | null> {
  try {
    const response = await send(`${url}/healthz`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    await response.body?.cancel();
    return response.status === 200 ? null : `/healthz answers ${response.status}`;
  } catch {
    return "/healthz does not answer";
  }
}
