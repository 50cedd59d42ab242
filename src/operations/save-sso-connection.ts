import { isCallable } from "../domain/public-address.ts";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { recordChange, wasRecorded } from "../store/changes.ts";
import { commit, ConditionFailed, type Statement } from "../store/database.ts";
import {
  findSsoConnection,
  insertSsoConnection,
  refuseUnprovenDomains,
  updateSsoConnection as updateRow,
  type SsoConnectionChange,
  type SsoConnectionRow,
} from "../store/sso-connections.ts";
import { findTeam } from "../store/teams.ts";
import { holderOf } from "./caller.ts";
import { auditRow, type Actor } from "./change.ts";
import { makeId } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import { isUsableProvider } from "./discover-provider.ts";
import type { Keep } from "./remember-answer.ts";

/** An OpenID provider as a team describes it. */
export interface SsoRequest {
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The e-mail domains that it may vouch for; each has to be proven by the team. */
  readonly allowedDomains: readonly string[];
}

export async function createSsoConnection(
  deps: Deps,
  teamId: string,
  request: SsoRequest,
  actor: Actor,
  keep: Keep<SsoConnectionRow>,
): Promise<Result<SsoConnectionRow, Refusal>> {
  const { db } = deps;
  if ((await findTeam(db, teamId)) === undefined) return err({ kind: "not_found", noun: "team" });
  const refusal = await issuerRefusal(deps, request.issuer);
  if (refusal !== null) return err(refusal);
  const id = makeId(deps, "sso");
  const audit = auditRow(deps, actor, {
    type: "sso_connection.created",
    teamId,
    subject: id,
    detail: { after: audible(request) },
  });
  const row: SsoConnectionRow = {
    ...request,
    id,
    teamId,
    clientSecret: deps.vault.seal(request.clientSecret, id),
    allowedDomains: [...request.allowedDomains],
    version: 1,
    changedBy: audit.id,
    createdAt: audit.at,
    updatedAt: audit.at,
    chosenByHolder: holderOf(actor.caller),
  };
  const saved = await save(deps, row, [
    insertSsoConnection(db, row),
    ...recordChange(db, { subjects: [], audit }),
    ...keep(row),
  ]);
  return saved.ok ? ok(row) : saved;
}

/** @param expected whether the caller's `If-Match` holds for the connection as it is now */
export async function updateSsoConnection(
  deps: Deps,
  { teamId, id }: { teamId: string; id: string },
  request: Partial<SsoRequest>,
  expected: (row: SsoConnectionRow) => boolean,
  actor: Actor,
): Promise<Result<SsoConnectionRow, Refusal>> {
  const { db } = deps;
  for (;;) {
    const before = await findSsoConnection(db, { teamId, id });
    if (before === undefined) return err({ kind: "not_found", noun: "sso_connection" });
    if (!expected(before)) return err({ kind: "precondition_failed" });
    const { clientSecret, allowedDomains, ...rest } = request;
    if ((request.issuer ?? before.issuer) !== before.issuer && clientSecret === undefined) {
      // The secret was entrusted to be shown to the former issuer: this one would get it at the next sign-in.
      return err({ kind: "invalid_member", member: "client_secret", problem: "missing" });
    }
    const change: SsoConnectionChange = {
      ...rest,
      // Who chooses whom to believe, and about which domains, decides who people are (see `admitBySso`).
      ...(request.issuer === undefined && allowedDomains === undefined
        ? {}
        : { chosenByHolder: holderOf(actor.caller) }),
      ...(clientSecret === undefined ? {} : { clientSecret: deps.vault.seal(clientSecret, id) }),
      ...(allowedDomains === undefined ? {} : { allowedDomains: [...allowedDomains] }),
    };
    const after = { ...before, ...change };
    const refusal = await issuerRefusal(deps, after.issuer);
    if (refusal !== null) return err(refusal);
    const audit = auditRow(deps, actor, {
      type: "sso_connection.updated",
      teamId,
      subject: id,
      detail: { before: audible(before), after: audible(after) },
    });
    const record = { subjects: [], audit };
    const endsSessions = admitsLess(before, after);
    const statements = updateRow(db, { id, version: before.version, change, endsSessions, record });
    const saved = await save(deps, after, statements);
    if (!saved.ok) return saved;
    if (await wasRecorded(db, audit.id)) return ok((await findSsoConnection(db, { teamId, id })) ?? after);
  }
}

async function issuerRefusal(deps: Deps, issuer: string): Promise<Refusal | null> {
  const url = new URL(issuer);
  if (!isCallable(url, deps)) return { kind: "invalid_member", member: "issuer", problem: "invalid" };
  return (await isUsableProvider(deps, issuer)) ? null : { kind: "provider_unusable" };
}

/** The domains are judged in the batch: one that was just taken away counts no longer. */
async function save(
  deps: Deps,
  { teamId, allowedDomains }: SsoConnectionRow,
  statements: readonly Statement[],
): Promise<Result<null, Refusal>> {
  try {
    const condition = refuseUnprovenDomains(deps.db, { teamId, names: allowedDomains });
    await commit(deps.db, [condition, ...statements]);
    return ok(null);
  } catch (error) {
    if (error instanceof ConditionFailed) return err({ kind: "domain_not_proven" });
    throw error;
  }
}

/** Whether somebody whom the connection has let in might not be let in any more. */
function admitsLess(before: SsoConnectionRow, after: SsoConnectionRow): boolean {
  return (
    before.issuer !== after.issuer ||
    before.allowedDomains.some((domain) => !after.allowedDomains.includes(domain))
  );
}

/** What the audit trail may hold of a connection: all but its secret. */
function audible({ name, issuer, clientId, allowedDomains }: Omit<SsoRequest, "clientSecret">) {
  return { name, issuer, client_id: clientId, allowed_domains: allowedDomains };
}
