import { spawn, type ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import type { Writable } from "node:stream";

/** Reads lists of process ids, a line each; when no more can come, ends those of the last one. */
const SCRIPT = 'while read -r line; do pids=$line; done; [ -z "$pids" ] || kill -9 $pids';

const runtimes = new Set<ChildProcess>();
let orders: Writable | null = null;

/**
 * Sees to it that no workerd outlives this process, however it ends: killed outright, it could not stop
 * its own, which would go on holding the port and serving. A shell that waits for the end of a pipe from here
 * does it then. (Windows has no such shell; there, only an orderly end takes workerd along.)
 */
export function watchRuntimes(): void {
  if (orders !== null || process.platform === "win32") return;
  const shell = spawn("sh", ["-c", SCRIPT], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  shell.unref();
  shell.once("error", stopWatching);
  shell.stdin.once("error", stopWatching);
  // A pipe is a socket here; it alone must not keep this process alive.
  (shell.stdin as Writable & { unref(): void }).unref();
  orders = shell.stdin;
  // Miniflare does not tell which process is its own.
  subscribe("child_process", (message) => {
    const { process: child } = message as { readonly process: ChildProcess };
    child.once("spawn", () => {
      if (/workerd(?:\.exe)?$/.test(child.spawnfile)) watch(child);
    });
  });
}

function watch(child: ChildProcess): void {
  runtimes.add(child);
  tell();
  child.once("exit", () => {
    runtimes.delete(child);
    tell();
  });
}

function tell(): void {
  orders?.write(`${[...runtimes].map(({ pid }) => pid).join(" ")}\n`);
}

/** Without a shell there is no watching: the servers work as well. */
function stopWatching(): void {
  orders?.destroy();
  orders = null;
}
