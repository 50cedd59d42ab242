// `better-auth` with its API-key plugin behind a Hono route, on D1. Its rate limit of ten calls a day and key is
// switched off. It writes the key's last use at each verification, as it does unless told otherwise.
import { apiKey } from "@better-auth/api-key";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { Hono } from "hono";

const PERMISSIONS = { devices: ["lock", "view"] };

let made;

function authOf(env, baseURL) {
  made ??= betterAuth(optionsOf(env, baseURL));
  return made;
}

function optionsOf(env, baseURL) {
  return {
    database: env.DB,
    baseURL,
    secret: "only-for-measuring-0000000000000000",
    emailAndPassword: { enabled: true },
    telemetry: { enabled: false },
    rateLimit: { enabled: false },
    plugins: [apiKey({ rateLimit: { enabled: false } })],
  };
}

const app = new Hono();

app.post("/verify", async (c) => {
  const { key } = await c.req.json();
  const auth = authOf(c.env, new URL(c.req.url).origin);
  const answer = await auth.api.verifyApiKey({ body: { key, permissions: { devices: ["lock"] } } });
  return c.json({ allowed: answer.valid, error: answer.error, token: answer.key });
});

app.post("/set-up", async (c) => {
  const origin = new URL(c.req.url).origin;
  const { runMigrations } = await getMigrations(optionsOf(c.env, origin));
  await runMigrations();
  const auth = authOf(c.env, origin);
  const { user } = await auth.api.signUpEmail({
    body: { name: "Bench", email: "bench@example.com", password: "only-for-measuring" },
  });
  const created = await auth.api.createApiKey({
    body: { name: "Continuous integration", userId: user.id, permissions: PERMISSIONS },
  });
  return c.json({ key: created.key });
});

export default app;
