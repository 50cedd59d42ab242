import type { Credential, CredentialKind } from "../../domain/token.ts";
import type { AuditRow } from "../../store/changes.ts";
import { auditRowOf, type AuditedEvent } from "../change.ts";
import type { Deps } from "../deps.ts";

/** Who found a credential where it should not be, and where that was. */
export interface LeakReport {
  readonly by: "anyone" | "github";
  /** What kind of place it was, in the finder's word. */
  readonly source: string | null;
  readonly url: string | null;
  readonly ip: string | null;
}

/** Kinds that outlive a leak; the others are used once and over within minutes. */
export type LeakableKind = Extract<CredentialKind, "pat" | "at" | "rt" | "cs" | "sk">;

export interface Leakable extends Credential {
  readonly kind: LeakableKind;
}

export function isLeakable(credential: Credential): credential is Leakable {
  return LEAKABLE.has(credential.kind);
}

const LEAKABLE: ReadonlySet<CredentialKind> = new Set<LeakableKind>(["pat", "at", "rt", "cs", "sk"]);

/** The event that tells of a leak; it says where, and never what. */
export function leakedEvent(
  { by, source, url }: LeakReport,
  { kind, teamId, subject }: { kind: LeakableKind; teamId: string | null; subject: string },
): AuditedEvent {
  return {
    type: "token.leaked",
    teamId,
    subject,
    detail: { after: { kind, reported_by: by, source, url } },
  };
}

export function leakWitness(deps: Deps, { by, ip }: LeakReport): (event: AuditedEvent) => AuditRow {
  return (event) => auditRowOf(deps, { actor: by, owner: by, ip }, event);
}
