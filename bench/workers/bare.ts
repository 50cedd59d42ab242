/** What everything is compared with: Hono on the same runtime, doing next to nothing. */
import { Hono } from "hono";
import type { Database } from "./bindings.ts";

interface Question {
  readonly token: string;
  readonly permissions: readonly string[];
  readonly team: string;
}

const app = new Hono<{ Bindings: { readonly DB: Database } }>();

/** Reads and parses a check's question, and answers as many bytes of JSON as a check does. */
app.post("/check", async (c) => {
  const question = await c.req.json<Question>();
  return c.json({
    allowed: true,
    reason: null,
    missing: [],
    token: {
      id: question.token.slice(0, 30),
      kind: "pat",
      team: question.team,
      name: "Continuous integration",
      profile_id: "profile-1",
      client_id: null,
      user_id: null,
      permissions: question.permissions,
      expires_at: null,
    },
    rate_limit: null,
    as_of: new Date().toISOString(),
    error: null,
  });
});

app.get("/check", (c) => c.json({ allowed: true, token: c.req.header("Authorization")?.slice(0, 30) }));

/** The least that any route which stores something does: one insert of as many bytes, by primary key. */
app.post("/insert", async (c) => {
  const body = await c.req.text();
  const id = crypto.randomUUID();
  await c.env.DB.prepare("INSERT INTO kept (id, body) VALUES (?, ?)").bind(id, body).run();
  return c.json({ id, kept: body }, 201);
});

app.post("/create-table", async (c) => {
  await c.env.DB.prepare("CREATE TABLE kept (id TEXT PRIMARY KEY, body TEXT NOT NULL)").run();
  return c.json({ created: true });
});

export default app;
