import type { WebhookSecretRow } from "../../store/webhooks.ts";
import { makeId } from "../credentials.ts";
import type { Deps } from "../deps.ts";

/*
 * What an endpoint verifies messages with (Standard Webhooks, "Signature scheme"): `whsec_` and the base64 of
 * the key. It is shown once, and kept sealed, since a hash of it could sign nothing.
 */

const PREFIX = "whsec_";

/** Standard Webhooks: from 24 to 64 bytes. */
const KEY_BYTES = 24;

/** Makes a secret; `row` is to be stored, `secret` to be shown in this one answer. */
export function makeWebhookSecret(
  deps: Pick<Deps, "clock" | "randomBytes" | "vault">,
  webhookId: string,
): { readonly row: WebhookSecretRow; readonly secret: string } {
  const secret = PREFIX + btoa(String.fromCharCode(...deps.randomBytes(KEY_BYTES)));
  const id = makeId(deps, "key");
  const sealed = deps.vault.seal(secret, purposeOf(id));
  return { row: { id, webhookId, sealed, createdAt: deps.clock(), expiresAt: null }, secret };
}

/**
 * The keys that sign a message now, newest first: several while a rotation overlaps.
 * @param rows all of one endpoint's
 * @throws {Error} when no encryption key opens one of them
 */
export function signingKeys(
  { vault }: Pick<Deps, "vault">,
  rows: readonly WebhookSecretRow[],
  nowMs: number,
): Uint8Array[] {
  return rows
    .filter(({ expiresAt }) => expiresAt === null || expiresAt > nowMs)
    .toSorted((one, other) => other.createdAt - one.createdAt || (one.id < other.id ? 1 : -1))
    .map(({ id, sealed }) => keyOf(vault.open(sealed, purposeOf(id))));
}

/** The bytes that a secret stands for. */
export function keyOf(secret: string): Uint8Array {
  return Uint8Array.from(atob(secret.slice(PREFIX.length)), (character) => character.charCodeAt(0));
}

/** A row that was copied to another place does not open. */
function purposeOf(id: string): string {
  return `webhook-secret:${id}`;
}
