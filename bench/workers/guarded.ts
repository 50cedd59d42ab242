/** An API owner's Worker: each route once open and once behind the guard, over a service binding. */
import { Hono, type Context } from "hono";
import { guard, type Authority } from "jeton/guard";
import type { Database } from "./bindings.ts";

interface Env {
  readonly Bindings: { readonly JETON: Authority; readonly ANYONE: Authority; readonly DB: Database };
}

const app = new Hono<Env>();
const needs = guard<Env>({
  authority: (c) => c.env.JETON,
  team: (c) => c.req.param("team") ?? "",
});

const device = {
  id: "dev_000000000000000000000001",
  name: "Field tablet 17",
  platform: "android",
  os_version: "16.0.1",
  serial: "R58N30ABCDE",
  enrolled_at: "2026-01-01T00:00:00.000Z",
};

/** Answers from memory: all that it costs is the request itself. */
function fromMemory(c: Context<Env>): Response {
  return c.json({ team: c.req.param("team"), device: { ...device, id: c.req.param("device") } });
}

/** Reads its device from a database, as an API's route does. */
function fromDatabase(c: Context<Env>): Promise<Response> {
  const find = c.env.DB.prepare("SELECT * FROM devices WHERE id = ?").bind(c.req.param("device"));
  return find.first().then((found) => c.json({ team: c.req.param("team"), device: found }));
}

const asksAnyone = guard<Env>({
  authority: (c) => c.env.ANYONE,
  team: (c) => c.req.param("team") ?? "",
});

app.get("/open/memory/:team/:device", fromMemory);
app.get("/guarded/memory/:team/:device", needs("EMM.Devices.VIEW"), fromMemory);
app.get("/anyone/memory/:team/:device", asksAnyone("EMM.Devices.VIEW"), fromMemory);
app.get("/open/database/:team/:device", fromDatabase);
app.get("/guarded/database/:team/:device", needs("EMM.Devices.VIEW"), fromDatabase);

app.post("/fill", async (c) => {
  const columns = Object.keys(device);
  await c.env.DB.batch([
    c.env.DB.prepare(`CREATE TABLE devices (id TEXT PRIMARY KEY, ${columns.slice(1).join(" TEXT, ")} TEXT)`),
    c.env.DB.prepare(`INSERT INTO devices VALUES (${columns.map(() => "?").join(", ")})`).bind(
      ...Object.values(device),
    ),
  ]);
  return c.json({ filled: true });
});

export default app;
