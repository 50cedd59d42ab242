import type { Plan } from "../domain/plan.ts";
import { OWNER_ROLE } from "../domain/role.ts";
import { SIGN_IN_METHODS } from "../domain/sign-in-method.ts";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { recordChange } from "../store/changes.ts";
import { commit, UniqueViolation } from "../store/database.ts";
import { insertTeam, type TeamRow } from "../store/teams.ts";
import { insertMember, type MemberRow } from "../store/members.ts";
import { findUserByEmail, insertUser, type UserRow } from "../store/users.ts";
import { auditRow, type Actor } from "./change.ts";
import { makeId } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import { hashPassword } from "./password.ts";
import type { Keep } from "./remember-answer.ts";

/** Twelve hours: a working day, and no night. */
const DEFAULT_SESSION_MINUTES = 720;

export interface TeamRequest {
  readonly name: string;
  readonly slug: string;
  readonly plan: Plan;
  readonly owner: { readonly email: string; readonly password: string | null } | null;
}

export interface CreatedTeam {
  readonly team: TeamRow;
  readonly owner: UserRow | null;
}

/** Creates a team and, if one is named, its first owner: a new user, or one who already has an account. */
export async function createTeam(
  deps: Deps,
  request: TeamRequest,
  actor: Actor,
  keep: Keep<CreatedTeam>,
): Promise<Result<CreatedTeam, Refusal>> {
  const owner = request.owner === null ? ok(null) : await ownerOf(deps, request.owner);
  if (!owner.ok) return owner;
  const id = makeId(deps, "team");
  const audit = auditRow(deps, actor, {
    type: "team.created",
    teamId: id,
    subject: id,
    detail: {
      after: {
        name: request.name,
        slug: request.slug,
        plan: request.plan,
        owner: owner.value?.user.id ?? null,
      },
    },
  });
  const team: TeamRow = {
    id,
    name: request.name,
    slug: request.slug,
    status: "active",
    preferences: {},
    plan: request.plan,
    billingContact: null,
    paymentReference: null,
    requireTwoFactor: false,
    signInMethods: [...SIGN_IN_METHODS],
    sessionMinutes: DEFAULT_SESSION_MINUTES,
    androidEnterpriseId: null,
    version: 1,
    changedBy: audit.id,
    createdAt: audit.at,
    updatedAt: audit.at,
  };
  const made = { team, owner: owner.value?.user ?? null };
  const { db } = deps;
  try {
    await commit(db, [
      insertTeam(db, team),
      ...(owner.value?.isNew ? [insertUser(db, owner.value.user)] : []),
      ...(made.owner === null ? [] : [insertMember(db, firstOwner(deps, team, made.owner))]),
      ...recordChange(db, { subjects: [], audit }),
      ...keep(made),
    ]);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === null) throw error;
    return err(refusal);
  }
  return ok(made);
}

function firstOwner(deps: Deps, team: TeamRow, { id, email }: UserRow): MemberRow {
  const { changedBy, createdAt } = team;
  return {
    id: makeId(deps, "mem"),
    teamId: team.id,
    email,
    userId: id,
    role: OWNER_ROLE,
    status: "active",
    invitationHash: null,
    invitationExpiresAt: null,
    invitedBy: "operator",
    version: 1,
    changedBy,
    createdAt,
    joinedAt: createdAt,
  };
}

/** A password is only ever set for a new account: naming somebody an owner must not change how they sign in. */
async function ownerOf(
  deps: Deps,
  { email, password }: { email: string; password: string | null },
): Promise<Result<{ user: UserRow; isNew: boolean }, Refusal>> {
  const lowerCase = email.toLowerCase();
  const known = await findUserByEmail(deps.db, lowerCase);
  if (known !== undefined) {
    return password === null
      ? ok({ user: known, isNew: false })
      : err({ kind: "already_exists", noun: "user", member: "owner.email" });
  }
  const user = {
    id: makeId(deps, "usr"),
    email: lowerCase,
    passwordHash: password === null ? null : await hashPassword(password, deps.randomBytes),
    createdAt: deps.clock(),
  };
  return ok({ user, isNew: true });
}

function refusalOf(error: unknown): Refusal | null {
  if (!(error instanceof UniqueViolation)) return null;
  if (error.column === "teams.slug") return { kind: "already_exists", noun: "team", member: "slug" };
  if (error.column === "users.email") return { kind: "already_exists", noun: "user", member: "owner.email" };
  return null;
}
