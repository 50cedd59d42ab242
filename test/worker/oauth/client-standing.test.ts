import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { call, expectAnswer } from "../support.ts";
import {
  expectError,
  expectTokens,
  ownerOf,
  post,
  redeem,
  refresh,
  storeClient,
  storeCode,
  VIEW,
} from "./support.ts";

test("a client that may have less than before gets less from its next refresh on", async () => {
  const client = await storeClient();
  const { refresh_token: token = "" } = expectTokens(await redeem(client, (await storeCode(client)).code));
  const shrink = (permissions: readonly string[]) =>
    env.DB.prepare("UPDATE clients SET permissions = ? WHERE id = ?")
      .bind(JSON.stringify(permissions), client.id)
      .run();

  await shrink([VIEW]);
  expect(expectTokens(await refresh(client, token)).scope).toBe(VIEW);
  await shrink([]);
  expectError(await refresh(client, token), 400, "invalid_grant");
});

test("revoking everything of a team ends its clients' secrets, and what they gave", async () => {
  const client = await storeClient();
  const { refresh_token: token = "" } = expectTokens(await redeem(client, (await storeCode(client)).code));

  expectAnswer(await call("POST", `/v1/teams/${client.team}/revoke-all`), 200, "RevokedAll");

  expectError(await refresh(client, token), 401, "invalid_client");
});

test("a suspended team's client gets nothing more, in another team neither, and may still revoke", async () => {
  const home = await storeClient();
  const elsewhere = await storeClient();
  const { code } = await storeCode(home, {
    grant: { team_id: elsewhere.team, user_id: await ownerOf(elsewhere.team) },
  });
  const { refresh_token: token = "" } = expectTokens(await redeem(home, code));
  await env.DB.prepare("UPDATE teams SET status = 'suspended' WHERE id = ?").bind(home.team).run();

  expect(expectError(await refresh(home, token), 400, "invalid_grant")).toContain("suspended");
  const revoked = await post("/oauth/v2/token/revoke", {
    token,
    client_id: home.id,
    client_secret: home.secret,
  });

  expect(revoked.status).toBe(200);
});
