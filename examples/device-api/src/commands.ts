import { Hono } from "hono";
import { readBody } from "./body.ts";
import { COMMAND_KINDS, type CommandKind } from "./command-kinds.ts";
import { findDevice } from "./device-record.ts";
import type { AppEnv } from "./env.ts";
import { newId } from "./ids.ts";
import { needs } from "./needs.ts";
import { cutPage, readPage } from "./page.ts";
import { notFound, Problem } from "./problem.ts";

interface CommandRow {
  readonly id: string;
  readonly team_id: string;
  readonly device_id: string;
  readonly name: string;
  readonly parameters: string;
  readonly status: "queued" | "suspended" | "done";
  readonly created_at: string;
  readonly created_by: string;
}

function presentCommand({ team_id: team, device_id: device, parameters, ...row }: CommandRow) {
  return { ...row, team, device, parameters: JSON.parse(parameters) as Record<string, unknown> };
}

/** `/teams/:team/devices/:id/commands` */
export const commands = new Hono<AppEnv>().get("/", needs("EMM.Devices.VIEW"), async (c) => {
  const { team } = c.get("token");
  const { id } = await findDevice(c.env.DB, team, c.req.param("id") ?? "");
  const page = readPage(c);
  const { results } = await c.env.DB.prepare(
    "SELECT * FROM commands WHERE team_id = ? AND device_id = ? AND id > ? ORDER BY id LIMIT ?",
  )
    .bind(team, id, page.after, page.limit + 1)
    .all<CommandRow>();
  const { page: rows, next_cursor } = cutPage(results, page);
  return c.json({ commands: rows.map(presentCommand), next_cursor });
});

// A path for each command, so that each names its own permission.
for (const kind of COMMAND_KINDS) {
  commands.post(`/${kind.name}`, needs(kind.permission), async (c) => {
    const parameters = await readBody(c, kind.body);
    const { id: by, team } = c.get("token");
    const command = { team, device: c.req.param("id") ?? "", parameters, by };
    return c.json({ command: presentCommand(await giveCommand(c.env.DB, kind, command)) }, 201);
  });

  // Whoever may give a command may hold it back.
  commands.post(`/${kind.name}/:command/suspend`, needs(kind.permission), async (c) => {
    const { DB } = c.env;
    const of = (sql: string) =>
      DB.prepare(sql).bind(c.get("token").team, c.req.param("id"), c.req.param("command"), kind.name);
    const suspended = await of(
      `UPDATE commands SET status = 'suspended' WHERE team_id = ? AND device_id = ? AND id = ? AND name = ?
        AND status = 'queued' RETURNING *`,
    ).first<CommandRow>();
    if (suspended !== null) return c.json({ command: presentCommand(suspended) });
    const there = await of(
      "SELECT id FROM commands WHERE team_id = ? AND device_id = ? AND id = ? AND name = ?",
    ).first();
    throw there === null
      ? notFound("command")
      : new Problem("CMD0002", "The command is no longer waiting and cannot be suspended.");
  });
}

interface Command {
  readonly team: string;
  readonly device: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The access token that gives it. */
  readonly by: string;
}

const INSERT = `INSERT INTO commands (id, team_id, device_id, name, parameters, status, created_at, created_by)
  SELECT ?1, team_id, id, ?4, ?5, ?6, ?7, ?8 FROM devices WHERE team_id = ?2 AND id = ?3 AND status = 'managed'
  RETURNING *`;

/** A wipe is done at once; the others wait until the device next asks. */
async function giveCommand(
  db: D1Database,
  { name, objection }: CommandKind,
  { team, device: deviceId, parameters, by }: Command,
): Promise<CommandRow> {
  const device = await findDevice(db, team, deviceId);
  const why = objection(device);
  if (why !== null) throw new Problem("CMD0001", why);
  const status = name === "wipe" ? "done" : "queued";
  const now = new Date().toISOString();
  const values = [newId("cmd"), team, deviceId, name, JSON.stringify(parameters), status, now, by];
  const statements = [db.prepare(INSERT).bind(...values)];
  if (name === "wipe") {
    statements.push(
      db
        .prepare(
          `UPDATE devices SET status = 'wiped', latitude = NULL, longitude = NULL WHERE team_id = ? AND id = ?`,
        )
        .bind(team, deviceId),
    );
  }
  const [inserted] = await db.batch<CommandRow>(statements);
  const row = inserted?.results[0];
  // Asked of the statement, not of the device as it was: a wipe may have come between.
  if (row === undefined) throw new Problem("CMD0001", "The device is wiped and takes no more commands.");
  return row;
}
