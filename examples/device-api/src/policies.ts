import { Hono } from "hono";
import * as v from "valibot";
import { nameText, readBody } from "./body.ts";
import type { AppEnv } from "./env.ts";
import { newId } from "./ids.ts";
import { needs } from "./needs.ts";
import { cutPage, readPage } from "./page.ts";
import { notFound, Problem } from "./problem.ts";

interface PolicyRow {
  readonly id: string;
  readonly team_id: string;
  readonly name: string;
  readonly settings: string;
  readonly created_at: string;
}

const settings = v.pipe(
  v.record(
    v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]{0,49}$/)),
    v.union([v.boolean(), v.pipe(v.number(), v.finite()), v.pipe(v.string(), v.maxLength(500))]),
  ),
  v.check((map) => Object.keys(map).length <= 100),
);
const policyBody = v.strictObject({ name: nameText, settings: v.optional(settings, {}) });
const changeBody = v.strictObject({ name: v.optional(nameText), settings: v.optional(settings) });

const nameTaken = () => new Problem("COM0010", "Another policy has the same name.");

function presentPolicy({ id, team_id: team, name, settings: text, created_at }: PolicyRow) {
  return { id, team, name, settings: JSON.parse(text) as v.InferOutput<typeof settings>, created_at };
}

/** `/teams/:team/policies` */
export const policies = new Hono<AppEnv>()
  .get("/", needs("EMM.Policies.VIEW"), async (c) => {
    const page = readPage(c);
    const { results } = await c.env.DB.prepare(
      "SELECT * FROM policies WHERE team_id = ? AND id > ? ORDER BY id LIMIT ?",
    )
      .bind(c.get("token").team, page.after, page.limit + 1)
      .all<PolicyRow>();
    const { page: rows, next_cursor } = cutPage(results, page);
    return c.json({ policies: rows.map(presentPolicy), next_cursor });
  })

  .post("/", needs("EMM.Policies.MANAGE"), async (c) => {
    const body = await readBody(c, policyBody);
    const row = await c.env.DB.prepare(
      `INSERT INTO policies (id, team_id, name, settings, created_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (team_id, name) DO NOTHING RETURNING *`,
    )
      .bind(
        newId("pol"),
        c.get("token").team,
        body.name,
        JSON.stringify(body.settings),
        new Date().toISOString(),
      )
      .first<PolicyRow>();
    if (row === null) throw nameTaken();
    return c.json({ policy: presentPolicy(row) }, 201);
  })

  .get("/:id", needs("EMM.Policies.VIEW"), async (c) => {
    const { DB } = c.env;
    const of = (sql: string) => DB.prepare(sql).bind(c.get("token").team, c.req.param("id"));
    const [found, assigned] = await Promise.all([
      of("SELECT * FROM policies WHERE team_id = ? AND id = ?").first<PolicyRow>(),
      of(
        "SELECT group_id FROM policy_groups WHERE team_id = ? AND policy_id = ? ORDER BY group_id LIMIT 1000",
      ).all<{ readonly group_id: string }>(),
    ]);
    if (found === null) throw notFound("policy");
    return c.json({ policy: presentPolicy(found), groups: assigned.results.map(({ group_id }) => group_id) });
  })

  .patch("/:id", needs("EMM.Policies.MANAGE"), async (c) => {
    const body = await readBody(c, changeBody);
    const { DB } = c.env;
    const { team } = c.get("token");
    const id = c.req.param("id");
    const text = body.settings === undefined ? null : JSON.stringify(body.settings);
    const changed = await DB.prepare(
      `UPDATE OR IGNORE policies SET name = COALESCE(?, name), settings = COALESCE(?, settings)
        WHERE team_id = ? AND id = ? RETURNING *`,
    )
      .bind(body.name ?? null, text, team, id)
      .first<PolicyRow>();
    if (changed !== null) return c.json({ policy: presentPolicy(changed) });
    const there = await DB.prepare("SELECT id FROM policies WHERE team_id = ? AND id = ?")
      .bind(team, id)
      .first();
    throw there === null ? notFound("policy") : nameTaken();
  })

  .delete("/:id", needs("EMM.Policies.DELETE"), async (c) => {
    const { DB } = c.env;
    const of = (sql: string) => DB.prepare(sql).bind(c.get("token").team, c.req.param("id"));
    const deleted = await of(
      `DELETE FROM policies WHERE team_id = ?1 AND id = ?2
        AND NOT EXISTS (SELECT 1 FROM policy_groups WHERE team_id = ?1 AND policy_id = ?2) RETURNING id`,
    ).first();
    if (deleted !== null) return c.body(null, 204);
    const there = await of("SELECT id FROM policies WHERE team_id = ? AND id = ?").first();
    throw there === null
      ? notFound("policy")
      : new Problem("APP0002", "The policy is assigned to groups. Take it from them first.");
  })

  .put("/:id/groups/:group", needs("EMM.Policies.MANAGE"), async (c) => {
    const { results } = await c.env.DB.prepare(
      `INSERT INTO policy_groups (team_id, policy_id, group_id)
        SELECT p.team_id, p.id, g.id FROM policies p JOIN device_groups g ON g.team_id = p.team_id
        WHERE p.team_id = ? AND p.id = ? AND g.id = ?
        ON CONFLICT DO UPDATE SET group_id = excluded.group_id RETURNING group_id`,
    )
      .bind(c.get("token").team, c.req.param("id"), c.req.param("group"))
      .all();
    if (results.length !== 1) throw notFound("policy or group");
    return c.body(null, 204);
  })

  .delete("/:id/groups/:group", needs("EMM.Policies.MANAGE"), async (c) => {
    const { meta } = await c.env.DB.prepare(
      "DELETE FROM policy_groups WHERE team_id = ? AND policy_id = ? AND group_id = ?",
    )
      .bind(c.get("token").team, c.req.param("id"), c.req.param("group"))
      .run();
    if (meta.changes !== 1) throw notFound("group with this policy");
    return c.body(null, 204);
  });
