import type { Refusal } from "../refusal.ts";
import type { RegionCode } from "../region.ts";
import type { en, Messages } from "./en.ts";

type English = (typeof en)["refusals"];

type PlaceholderIn<Text> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PlaceholderIn<Rest>
  : never;

/** What the English text asks for; a text that gains a placeholder does not compile until it is filled. */
type Values<Key extends keyof English> = Readonly<Record<PlaceholderIn<English[Key]>, string | number>>;

/** What describing a refusal needs from outside the domain. */
export interface Surroundings {
  /** The base URL of a region. */
  readonly regionUrl: (code: RegionCode) => string;
}

/**
 * What happened and what to do about it, in one language.
 * Says nothing that the refusal does not carry, and so repeats nothing that was submitted.
 *
 * @param messages the texts of the language to answer in
 */
export function describeRefusal(refusal: Refusal, messages: Messages, { regionUrl }: Surroundings): string {
  const list = (items: readonly string[]): string => items.join(messages.listSeparator);
  const text = <Key extends keyof English>(key: Key, values: Values<Key>): string =>
    fill(messages.refusals[key], values);

  switch (refusal.kind) {
    case "wrong_region":
      return text(refusal.moved ? "team_moved" : "wrong_region", {
        region: refusal.region,
        url: regionUrl(refusal.region),
      });
    case "move_refused":
      return text("move_refused", { obstacle: refusal.obstacle });
    case "missing_permission":
    case "exceeds_maker":
    case "beyond_caller":
    case "beyond_client":
    case "required_permission_absent":
      return text(refusal.kind, { missing: list(refusal.missing) });
    case "invalid_proof":
      return text("invalid_proof", { problem: refusal.problem });
    case "rate_limited":
      return refusal.retryAfterSeconds === null
        ? text("rate_limited_never", {})
        : refusal.quota === undefined
          ? text("rate_limited", { seconds: refusal.retryAfterSeconds })
          : text("rate_limited_quota", { quota: refusal.quota, seconds: refusal.retryAfterSeconds });
    case "method_not_allowed":
      return text("method_not_allowed", { allow: list(refusal.allow) });
    case "bad_page":
      return text("bad_page", { parameter: refusal.parameter });
    case "invalid_member":
      return text(`invalid_member_${refusal.problem}`, { member: refusal.member || messages.body });
    case "unknown_permission":
      return text("unknown_permission", { member: refusal.member });
    case "bad_header":
      return text("bad_header", { header: refusal.header });
    case "body_too_large":
      return text("body_too_large", { limit: Math.floor(refusal.limitBytes / 1024) });
    case "not_found":
      return text("not_found", { noun: messages.nouns[refusal.noun] });
    case "in_use":
      return text("in_use", { noun: messages.nouns[refusal.noun] });
    case "already_exists":
      return text("already_exists", { noun: messages.nouns[refusal.noun], member: refusal.member });
    case "catalogue_would_lose":
      return text("catalogue_would_lose", { permissions: list(refusal.permissions) });
    case "quota_exceeded":
      return text("quota_exceeded", { quota: refusal.quota, limit: refusal.limit });
    case "too_many_imported":
      return text("too_many_imported", { limit: refusal.limit });
    case "member_not_for_type":
      return text("member_not_for_type", { member: refusal.member, type: refusal.type });
    case "too_many_secrets":
      return text("too_many_secrets", { limit: refusal.limit });
    case "issue_limited":
      return text("issue_limited", { seconds: refusal.retryAfterSeconds });
    case "unavailable":
      return text("unavailable", { seconds: refusal.retryAfterSeconds });
    default:
      return text(refusal.kind, {});
  }
}

/** One pass, so that braces inside a value are never taken for a placeholder. */
function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
