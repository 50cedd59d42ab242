import type { Plan } from "../domain/plan.ts";
import { OWNER_ROLE } from "../domain/role.ts";
import { SIGN_IN_METHODS } from "../domain/sign-in-method.ts";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { isTakenByConsole } from "../domain/team-slug.ts";
import { recordChange } from "../store/changes.ts";
import { commit, UniqueViolation, type Statement } from "../store/database.ts";
import { insertTeam, type TeamRow } from "../store/teams.ts";
import { insertMember, type MemberRow } from "../store/members.ts";
import { findUserByEmail, insertUser, type UserRow } from "../store/users.ts";
import { auditRow, type Actor } from "./change.ts";
import { makeId } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import { makeInvitationSecret, type InvitationSecret } from "./invitation.ts";
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
  /** Null: none was named, or whoever was named has to accept first. */
  readonly owner: UserRow | null;
  /** Whether somebody was named who has to accept first. */
  readonly invited: boolean;
}

export interface MadeTeam extends CreatedTeam {
  /** For whoever was invited; the answer is the only place where it ever stands. */
  readonly link: string | null;
}

const SLUG_TAKEN = { kind: "already_exists", noun: "team", member: "slug" } as const satisfies Refusal;

/**
 * Creates a team and, if one is named, its first owner: a new user, or one who already has an account. An
 * account that anybody could have made for the address, by an invitation that they wrote themselves, is
 * only invited: a team must not fall to whoever was the first to claim its owner's address.
 */
export async function createTeam(
  deps: Deps,
  request: TeamRequest,
  actor: Actor,
  keep: Keep<CreatedTeam>,
): Promise<Result<MadeTeam, Refusal>> {
  if (isTakenByConsole(request.slug)) return err(SLUG_TAKEN);
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
        owner: owner.value?.isInvited === false ? owner.value.user.id : null,
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
    eventSequence: 0,
    livesIn: null,
    placeVersion: 0,
    frozenUntil: null,
  };
  const isInvited = owner.value?.isInvited ?? false;
  const made = { team, owner: isInvited ? null : (owner.value?.user ?? null), invited: isInvited };
  const { db } = deps;
  const secret = isInvited ? makeInvitationSecret(deps) : null;
  try {
    await commit(db, [
      insertTeam(db, team),
      ...(owner.value?.isNew ? [insertUser(db, owner.value.user)] : []),
      ...recordChange(db, { subjects: [], audit }),
      ...(owner.value === null ? [] : ownerStatements(deps, team, { ...owner.value, secret }, actor)),
      ...keep(made),
    ]);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === null) throw error;
    return err(refusal);
  }
  return ok({ ...made, link: secret?.link ?? null });
}

/** The owner's place in the team, or the invitation to it. */
function ownerStatements(
  deps: Deps,
  team: TeamRow,
  { user, secret }: { user: UserRow; secret: InvitationSecret | null },
  actor: Actor,
): Statement[] {
  const { changedBy, createdAt } = team;
  const member: MemberRow = {
    id: makeId(deps, "mem"),
    teamId: team.id,
    email: user.email,
    userId: secret === null ? user.id : null,
    role: OWNER_ROLE,
    status: secret === null ? "active" : "invited",
    invitationHash: secret?.hash ?? null,
    invitationExpiresAt: secret?.expiresAt ?? null,
    invitedBy: "operator",
    version: 1,
    changedBy,
    createdAt,
    joinedAt: secret === null ? createdAt : null,
  };
  const { db } = deps;
  if (secret === null) return [insertMember(db, member)];
  const after = { email: user.email, role: OWNER_ROLE };
  const event = { type: "member.invited", teamId: team.id, subject: member.id, detail: { after } };
  return [
    insertMember(db, member),
    ...recordChange(db, { subjects: [], audit: auditRow(deps, actor, event) }),
  ];
}

interface NamedOwner {
  readonly user: UserRow;
  readonly isNew: boolean;
  readonly isInvited: boolean;
}

/** A password is only ever set for a new account: naming somebody an owner must not change how they sign in. */
async function ownerOf(
  deps: Deps,
  { email, password }: { email: string; password: string | null },
): Promise<Result<NamedOwner, Refusal>> {
  const lowerCase = email.toLowerCase();
  const known = await findUserByEmail(deps.db, lowerCase);
  if (known !== undefined) {
    return password === null
      ? ok({ user: known, isNew: false, isInvited: known.emailVerifiedAt === null })
      : err({ kind: "already_exists", noun: "user", member: "owner.email" });
  }
  const now = deps.clock();
  const user: UserRow = {
    id: makeId(deps, "usr"),
    email: lowerCase,
    passwordHash: password === null ? null : await hashPassword(password, deps.randomBytes),
    createdAt: now,
    // The operator knows whom they name.
    emailVerifiedAt: now,
    passwordSetAt: null,
  };
  return ok({ user, isNew: true, isInvited: false });
}

function refusalOf(error: unknown): Refusal | null {
  if (!(error instanceof UniqueViolation)) return null;
  if (error.column === "teams.slug") return SLUG_TAKEN;
  if (error.column === "users.email") return { kind: "already_exists", noun: "user", member: "owner.email" };
  return null;
}
