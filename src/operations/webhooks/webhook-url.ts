import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import type { Deps } from "../deps.ts";
import { mayBeCalled } from "./may-be-called.ts";

/** A URL as somebody writes it for a webhook; it comes back as it was written. */
export async function readWebhookUrl(
  deps: Pick<Deps, "db" | "origins" | "region" | "tenant" | "allowLoopback">,
  text: string,
): Promise<Result<string, Refusal>> {
  // What the parser would pass over, or would never send, is no part of an address.
  const isPlain = text.isWellFormed() && !/[\p{Cc}\p{Z}#]/u.test(text);
  const url = isPlain ? URL.parse(text) : null;
  if (url !== null && (await mayBeCalled(deps, url))) return ok(text);
  return err({ kind: "invalid_member", member: "url", problem: "invalid" });
}
