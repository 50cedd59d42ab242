import { env } from "cloudflare:workers";
import { hashCredential } from "../../src/operations/credentials.ts";
import { SESSION_COOKIE } from "../../src/routes/session-cookie.ts";
import {
  call,
  expectAnswer,
  sealed,
  startWorker,
  storeToken,
  unique,
  type AnswerBody,
  type Sending,
  type Worker,
} from "./support.ts";

export type Role = AnswerBody<"Role">["role"];
export type Member = AnswerBody<"Member">["member"];

/** A member who has joined, and is signed in. */
export interface Person {
  /** Of the membership. */
  readonly id: string;
  readonly user: string;
  readonly email: string;
  /** What a request sends to act by the person's session. */
  readonly session: Sending;
}

export async function makeRole(
  team: string,
  permissions: readonly string[],
  more: object = {},
): Promise<Role> {
  const body = { name: unique("role"), permissions, ...more };
  return expectAnswer(await call("POST", `/v1/teams/${team}/roles`, { body }), 201, "CreatedRole").role;
}

export interface Invited {
  readonly member: Member;
  readonly link: string;
  /** What stands in the link. */
  readonly secret: string;
}

export async function invite(
  team: string,
  role: string,
  more: object = {},
  sending: Sending = {},
): Promise<Invited> {
  const body = { email: `${unique("person")}@example.com`, role, ...more };
  const answer = await call("POST", `/v1/teams/${team}/members`, { ...sending, body });
  const { member, invitation_link } = expectAnswer(answer, 201, "InvitedMember");
  const link = invitation_link ?? "";
  return { member, link, secret: link.slice(link.lastIndexOf("/") + 1) };
}

export function accept(secret: string, more: object = {}, sending: Sending = {}) {
  return call("POST", "/v1/invitations/accept", {
    as: null,
    ...sending,
    body: { invitation: secret, ...more },
  });
}

/** Invites a new person, who accepts and signs in. */
export async function join(team: string, role: string): Promise<Person> {
  const { secret } = await invite(team, role);
  const { member } = expectAnswer(await accept(secret), 200, "JoinedMember");
  return {
    id: member.id,
    email: member.email,
    user: member.user ?? "",
    session: await signIn(member.user ?? ""),
  };
}

/** Opens a session by hand, and gives what a browser of the same origin sends. */
export async function signIn(
  user: string,
  row: Readonly<Record<string, string | number | null>> = {},
): Promise<Sending> {
  const secret = sealed("cs").slice(7);
  const now = Date.now();
  const full = Object.entries({
    hash: hashCredential(secret),
    id: unique("ses_stored"),
    user_id: user,
    created_at: now,
    last_seen_at: now,
    expires_at: now + 3_600_000,
    ended_at: null,
    two_factor: 0,
    ...row,
  });
  const columns = full.map(([column]) => column).join(", ");
  await env.DB.prepare(`INSERT INTO sessions (${columns}) VALUES (${full.map(() => "?").join(", ")})`)
    .bind(...full.map(([, value]) => value))
    .run();
  return byCookie(secret);
}

export function byCookie(secret: string, headers: Readonly<Record<string, string | null>> = {}): Sending {
  return {
    as: null,
    headers: {
      Cookie: `theme=dark; ${SESSION_COOKIE}=${secret}`,
      "Sec-Fetch-Site": "same-origin",
      ...headers,
    },
  };
}

/** An OAuth access token that acts for a person. */
export function actingFor(team: string, user: string, permissions: readonly string[]): Promise<string> {
  return storeToken(
    team,
    { kind: "at", user_id: user, client_id: "cli_us_1", permissions: JSON.stringify(permissions.toSorted()) },
    sealed("at"),
  );
}

/**
 * Another Worker whose first batch of writes waits until the test lets it go, so that something else can
 * happen between what it read and what it writes.
 */
export async function slowWriter(): Promise<{ at: Worker; reached: Promise<void>; release(): void }> {
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const writes = new WeakSet<D1PreparedStatement>();
  const DB = new Proxy(env.DB, {
    get: (db, name) => {
      if (name === "prepare") return (query: string) => noted(db.prepare(query), query, writes);
      if (name === "batch") {
        return async (list: D1PreparedStatement[]) => {
          if (list.some((statement) => writes.has(statement))) {
            reach();
            await released;
          }
          return db.batch(list);
        };
      }
      const member: unknown = Reflect.get(db, name);
      return typeof member === "function" ? (member.bind(db) as unknown) : member;
    },
  });
  return { at: await startWorker({ DB }), reached, release };
}

/** Remembers a statement that writes; binding makes another one of it. */
function noted(
  statement: D1PreparedStatement,
  query: string,
  writes: WeakSet<D1PreparedStatement>,
): D1PreparedStatement {
  if (!/^\s*(?:insert|update|delete)/i.test(query)) return statement;
  writes.add(statement);
  const bind = statement.bind.bind(statement);
  statement.bind = (...values) => {
    const bound = bind(...values);
    writes.add(bound);
    return bound;
  };
  return statement;
}
