import { env } from "cloudflare:workers";
import { hashCredential } from "../../../src/operations/credentials.ts";
import { makeClient } from "../clients.ts";
import {
  expectTokens,
  LOCK_SCOPE,
  ownerPerson,
  redeem,
  store,
  storeCode,
  type TestClient,
} from "../oauth/support.ts";
import { join, makeRole, type Person, type Role } from "../people.ts";
import { nameDomain, type Domain } from "../tenant.ts";
import {
  call,
  expectAnswer,
  issue,
  makeTeam,
  unique,
  type AnswerBody,
  type IssuedToken,
} from "../support.ts";
import { makeWebhook } from "../webhooks/api.ts";
import type { Place } from "./support.ts";

export const VIEW = "EMM.Devices.VIEW";

/** A team in `us` that has something of everything that moves, and secrets that do not. */
export interface Household {
  readonly team: AnswerBody<"Team">["team"];
  readonly owner: Person;
  readonly role: Role;
  readonly member: Person;
  readonly token: IssuedToken;
  readonly revoked: IssuedToken;
  /** A key that another issuer made, and its id. */
  readonly foreign: { readonly text: string; readonly id: string };
  readonly client: TestClient;
  readonly grant: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly webhook: { readonly id: string; readonly secret: string };
  readonly domain: Domain;
}

export async function furnish(us: Place): Promise<Household> {
  const team = await makeTeam({ plan: "standard" });
  const owner = await ownerPerson(team.id);
  const role = await makeRole(team.id, [VIEW, "EMM.Team.VIEW"]);
  const member = await join(team.id, role.id);
  const [token, revoked] = [await issue(team.id), await issue(team.id)];
  await call("POST", `/v1/teams/${team.id}/access-tokens/${revoked.id}/revoke`);
  const { client, ...oauth } = await connect(team.id);
  const webhook = await makeWebhook(team.id, { events: ["access_token.created", "access_token.revoked"] });
  const domain = await nameDomain(team.id);
  await env.DB.prepare("UPDATE domains SET verified_at = 1 WHERE id = ?").bind(domain.id).run();
  await hideSecrets(team.id, owner.user);
  const foreign = await importKey(team.id, us);
  return { team, owner, role, member, token, revoked, foreign, client, ...oauth, webhook, domain };
}

export async function importKey(team: string, { at }: Place): Promise<{ text: string; id: string }> {
  const text = `sk_live_${crypto.randomUUID()}`;
  const body = { keys: [{ name: unique("imported"), hash: hashCredential(text), permissions: [VIEW] }] };
  const answer = await call("POST", `/v1/teams/${team}/imported-keys`, { at, body });
  return { text, id: expectAnswer(answer, 201, "ImportedKeys").imported_keys[0]?.id ?? "" };
}

/** A client of the team, and what it holds for the team's owner. */
export async function connect(team: string) {
  const made = await makeClient(team, "server", {
    redirect_uris: ["https://app.example/callback"],
    permissions: LOCK_SCOPE.split(" "),
  });
  const client: TestClient = { id: made.id, secret: made.secret ?? "", team, type: "server" };
  const { code, grant } = await storeCode(client);
  const { access_token: accessToken, refresh_token: refreshToken = "" } = expectTokens(
    await redeem(client, code),
  );
  return { client, grant, accessToken, refreshToken };
}

/** What a page of rows must not have: each is a text that occurs nowhere else. */
export const HIDDEN = {
  password: "pbkdf2-of-the-owner",
  totp: "sealed-totp-of-the-owner",
  recovery: "hash-of-a-recovery-code",
  passkey: "public-key-of-a-passkey",
  sso: "sealed-secret-at-the-provider",
  reset: "hash-of-a-reset-link",
} as const;

async function hideSecrets(team: string, user: string): Promise<void> {
  const own = unique("own");
  await env.DB.prepare("UPDATE users SET password_hash = ? WHERE id = ?").bind(HIDDEN.password, user).run();
  await store("totp_secrets", { user_id: user, secret: HIDDEN.totp, created_at: 1, last_step: 0 });
  await store("recovery_codes", { hash: HIDDEN.recovery + own, user_id: user, created_at: 1 });
  await store("reset_links", { hash: HIDDEN.reset + own, user_id: user, created_at: 1, expires_at: 2 });
  await store("passkeys", {
    id: own,
    user_id: user,
    name: "Laptop",
    credential_id: own,
    public_key: HIDDEN.passkey,
    algorithm: -7,
    counter: 0,
    created_at: 1,
  });
  await store("sso_connections", {
    id: unique("sso_stored"),
    team_id: team,
    name: "Provider",
    issuer: "https://provider.example",
    client_id: "jeton",
    client_secret: HIDDEN.sso,
    allowed_domains: "[]",
    version: 1,
    changed_by: "test",
    created_at: 1,
    updated_at: 1,
  });
}
