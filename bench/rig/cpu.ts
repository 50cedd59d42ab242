import { globSync, readFileSync } from "node:fs";

/**
 * The processor time that a process has used, in microseconds. Unlike a rate it hardly depends on what else
 * the machine does. Null where the system does not tell (it is Linux that does).
 */
export function cpuTimeOf(pid: number | null): number | null {
  if (pid === null) return null;
  let nanoseconds = 0;
  try {
    for (const file of globSync(`/proc/${pid}/task/*/schedstat`)) {
      nanoseconds += Number(readFileSync(file, "utf8").split(" ")[0]);
    }
  } catch {
    return null;
  }
  return nanoseconds === 0 ? null : nanoseconds / 1000;
}

/** The youngest child of this process that runs a program of this name, null when that cannot be told. */
export function childRunning(program: string): number | null {
  const children = globSync("/proc/self/task/*/children").flatMap((file) =>
    readFileSync(file, "utf8").split(" ").filter(Boolean),
  );
  const running = children.filter((pid) => readFileSync(`/proc/${pid}/comm`, "utf8").startsWith(program));
  return running.length === 0 ? null : Math.max(...running.map(Number));
}
