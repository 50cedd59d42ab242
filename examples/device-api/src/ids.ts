/** A new public id, which sorts by the time of its making. */
export function newId(prefix: "dev" | "grp" | "pol" | "enr" | "cmd"): string {
  return `${prefix}_${Date.now().toString(36).padStart(9, "0")}${hex(crypto.getRandomValues(new Uint8Array(10)))}`;
}

/** A secret that nobody guesses. */
export function newSecret(): string {
  return `enrol_${hex(crypto.getRandomValues(new Uint8Array(24)))}`;
}

export async function sha256(text: string): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
