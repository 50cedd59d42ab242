import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";

const utf8 = new TextEncoder();

/**
 * The headers by which a receiver knows a message for ours (Standard Webhooks, "Webhook headers"). The id stays
 * over all attempts; the timestamp is the attempt's own, so that an old one cannot be played again.
 * @param keys newest first; each signs
 */
export function signedHeaders(
  keys: readonly Uint8Array[],
  { id, atMs, body }: { readonly id: string; readonly atMs: number; readonly body: string },
): Record<string, string> {
  const timestamp = Math.floor(atMs / 1000);
  const signed = utf8.encode(`${id}.${timestamp}.${body}`);
  const signatures = keys.map((key) => `v1,${base64(hmac(sha256, key, signed))}`);
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": signatures.join(" "),
  };
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
