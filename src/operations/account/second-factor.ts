import type { JournalledEnd } from "../../domain/journal.ts";
import { recordChange } from "../../store/changes.ts";
import type { Statement } from "../../store/database.ts";
import {
  findTotp,
  listRecoveryCodes,
  useRecoveryCode,
  useTotpStep,
  type RecoveryCodeRow,
  type TotpRow,
} from "../../store/second-factors.ts";
import { auditRowOf } from "../change.ts";
import { keyedHash, keyedHashHolds } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import { base32, fromBase32, stepOfCode } from "./totp.ts";

const RECOVERY_CODES = 10;

/** Ten characters of base32, 50 bits: short enough to copy from paper, and nobody tries so many. */
const RECOVERY_BYTES = 7;
const RECOVERY_CHARACTERS = 10;

/** A code that is right, and what uses it up, for the batch of what it is for. */
export interface ProvenFactor {
  readonly by: "totp" | "recovery_code";
  /** The batch is undone when the code has been used by then. */
  readonly statements: readonly Statement[];
  readonly ends: readonly JournalledEnd[];
}

/** Whether a person's authenticator app shows a code, or it is one of their recovery codes; null: neither. */
export async function proveSecondFactor(
  deps: Deps,
  userId: string,
  typed: string,
  by: { readonly actor: string; readonly ip: string | null },
): Promise<ProvenFactor | null> {
  const totp = await findTotp(deps.db, userId);
  if (totp?.confirmedAt == null) return null;
  return isAppCode(typed) ? proveTotp(deps, totp, typed) : proveRecoveryCode(deps, userId, typed, by);
}

/** Whether it has the form of an authenticator app's code and not of a recovery code. */
export function isAppCode(typed: string): boolean {
  return /^\d+$/.test(withoutSpaces(typed));
}

function proveTotp(deps: Deps, totp: TotpRow, typed: string): ProvenFactor | null {
  const step = matchingStep(deps, totp, typed);
  return step === null ? null : { by: "totp", statements: useTotpStep(deps.db, totp, step), ends: [] };
}

/** The step of a code that an app shows for a secret, as `stepOfCode`. */
export function matchingStep(deps: Deps, totp: TotpRow, typed: string): number | null {
  const secret = fromBase32(deps.vault.open(totp.secret, totpPurpose(totp.userId)));
  const times = { nowMs: deps.clock(), usedStep: totp.lastStep };
  return stepOfCode(secret, withoutSpaces(typed), times);
}

/** What a sealed secret belongs to. */
export function totpPurpose(userId: string): string {
  return `totp:${userId}`;
}

async function proveRecoveryCode(
  deps: Deps,
  userId: string,
  typed: string,
  { actor, ip }: { readonly actor: string; readonly ip: string | null },
): Promise<ProvenFactor | null> {
  const text = recoveryText(userId, typed);
  const row = (await listRecoveryCodes(deps.db, userId)).find(({ hash }) => keyedHashHolds(deps, text, hash));
  if (row === undefined) return null;
  const event = { type: "user.recovery_code_used", teamId: null, subject: userId };
  const audit = auditRowOf(deps, { actor, owner: userId, ip }, event);
  return {
    by: "recovery_code",
    statements: [...useRecoveryCode(deps.db, row.hash), ...recordChange(deps.db, { subjects: [], audit })],
    ends: [{ kind: "recovery_code", id: row.hash, at: audit.at }],
  };
}

/** New recovery codes as they are shown, and as they are stored. */
export function makeRecoveryCodes(
  deps: Deps,
  userId: string,
): { readonly codes: readonly string[]; readonly rows: readonly RecoveryCodeRow[] } {
  const createdAt = deps.clock();
  const codes = Array.from({ length: RECOVERY_CODES }, () => {
    const digits = base32(deps.randomBytes(RECOVERY_BYTES)).slice(0, RECOVERY_CHARACTERS).toLowerCase();
    return `${digits.slice(0, 5)}-${digits.slice(5)}`;
  });
  const rows = codes.map((code) => ({
    hash: keyedHash(deps, recoveryText(userId, code)),
    userId,
    createdAt,
  }));
  return { codes, rows };
}

/** What is hashed of a code, however it was typed. */
function recoveryText(userId: string, typed: string): string {
  return `recovery code ${userId} ${typed.toLowerCase().replaceAll(/[^a-z2-7]/g, "")}`;
}

function withoutSpaces(typed: string): string {
  return typed.replaceAll(/\s/g, "");
}
