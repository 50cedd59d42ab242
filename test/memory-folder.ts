import { statfsSync } from "node:fs";

const MEMORY_FOLDER = "/dev/shm";
const NEEDED_BYTES = 4 * 2 ** 30;

/**
 * Has what tests store put into memory where there is room for it: workerd waits for the disk at each D1 call, reads
 * too, which the platform's D1 does not. Everything that asks for a temporary folder gets one there.
 */
export function storeInMemory(): void {
  try {
    const { bavail, bsize } = statfsSync(MEMORY_FOLDER);
    if (bavail * bsize >= NEEDED_BYTES) process.env.TMPDIR = MEMORY_FOLDER;
  } catch {
    // Only some systems have such a folder.
  }
}
