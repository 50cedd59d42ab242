import { Hono } from "hono";
import * as v from "valibot";
import { nameText, readBody } from "./body.ts";
import type { AppEnv } from "./env.ts";
import { newId } from "./ids.ts";
import { needs } from "./needs.ts";
import { cutPage, readPage } from "./page.ts";
import { notFound, Problem } from "./problem.ts";

interface GroupRow {
  readonly id: string;
  readonly team_id: string;
  readonly name: string;
  readonly created_at: string;
}

const groupBody = v.strictObject({ name: nameText });

const nameTaken = () => new Problem("COM0010", "Another group has the same name.");

function presentGroup({ id, team_id: team, name, created_at }: GroupRow) {
  return { id, team, name, created_at };
}

/** `/teams/:team/groups` */
export const groups = new Hono<AppEnv>()
  .get("/", needs("EMM.Groups.VIEW"), async (c) => {
    const page = readPage(c);
    const { results } = await c.env.DB.prepare(
      "SELECT * FROM device_groups WHERE team_id = ? AND id > ? ORDER BY id LIMIT ?",
    )
      .bind(c.get("token").team, page.after, page.limit + 1)
      .all<GroupRow>();
    const { page: rows, next_cursor } = cutPage(results, page);
    return c.json({ groups: rows.map(presentGroup), next_cursor });
  })

  .post("/", needs("EMM.Groups.MANAGE"), async (c) => {
    const { name } = await readBody(c, groupBody);
    const row = await c.env.DB.prepare(
      `INSERT INTO device_groups (id, team_id, name, created_at) VALUES (?, ?, ?, ?)
        ON CONFLICT (team_id, name) DO NOTHING RETURNING *`,
    )
      .bind(newId("grp"), c.get("token").team, name, new Date().toISOString())
      .first<GroupRow>();
    if (row === null) throw nameTaken();
    return c.json({ group: presentGroup(row) }, 201);
  })

  .get("/:id", needs("EMM.Groups.VIEW"), async (c) => {
    const { DB } = c.env;
    const of = (sql: string) => DB.prepare(sql).bind(c.get("token").team, c.req.param("id"));
    const [found, members] = await Promise.all([
      of("SELECT * FROM device_groups WHERE team_id = ? AND id = ?").first<GroupRow>(),
      of(
        "SELECT device_id FROM group_devices WHERE team_id = ? AND group_id = ? ORDER BY device_id LIMIT 1000",
      ).all<{ readonly device_id: string }>(),
    ]);
    if (found === null) throw notFound("group");
    return c.json({ group: presentGroup(found), devices: members.results.map(({ device_id }) => device_id) });
  })

  .patch("/:id", needs("EMM.Groups.MANAGE"), async (c) => {
    const { name } = await readBody(c, groupBody);
    const { DB } = c.env;
    const { team } = c.get("token");
    const id = c.req.param("id");
    const renamed = await DB.prepare(
      "UPDATE OR IGNORE device_groups SET name = ? WHERE team_id = ? AND id = ? RETURNING *",
    )
      .bind(name, team, id)
      .first<GroupRow>();
    if (renamed !== null) return c.json({ group: presentGroup(renamed) });
    const there = await DB.prepare("SELECT id FROM device_groups WHERE team_id = ? AND id = ?")
      .bind(team, id)
      .first();
    throw there === null ? notFound("group") : nameTaken();
  })

  .delete("/:id", needs("EMM.Groups.DELETE"), async (c) => {
    const { DB } = c.env;
    const of = (sql: string) => DB.prepare(sql).bind(c.get("token").team, c.req.param("id"));
    const [deleted] = await DB.batch([
      of("DELETE FROM device_groups WHERE team_id = ? AND id = ? RETURNING id"),
      of("DELETE FROM group_devices WHERE team_id = ? AND group_id = ?"),
      of("DELETE FROM policy_groups WHERE team_id = ? AND group_id = ?"),
    ]);
    if (deleted?.results.length !== 1) throw notFound("group");
    return c.body(null, 204);
  })

  .put("/:id/devices/:device", needs("EMM.Groups.MANAGE"), async (c) => {
    // Both must be the team's: an id of another team's is as unknown as one that nobody has.
    const { results } = await c.env.DB.prepare(
      `INSERT INTO group_devices (team_id, group_id, device_id)
        SELECT g.team_id, g.id, d.id FROM device_groups g JOIN devices d ON d.team_id = g.team_id
        WHERE g.team_id = ? AND g.id = ? AND d.id = ?
        ON CONFLICT DO UPDATE SET device_id = excluded.device_id RETURNING device_id`,
    )
      .bind(c.get("token").team, c.req.param("id"), c.req.param("device"))
      .all();
    if (results.length !== 1) throw notFound("group or device");
    return c.body(null, 204);
  })

  .delete("/:id/devices/:device", needs("EMM.Groups.MANAGE"), async (c) => {
    const { meta } = await c.env.DB.prepare(
      "DELETE FROM group_devices WHERE team_id = ? AND group_id = ? AND device_id = ?",
    )
      .bind(c.get("token").team, c.req.param("id"), c.req.param("device"))
      .run();
    if (meta.changes !== 1) throw notFound("device in this group");
    return c.body(null, 204);
  });
