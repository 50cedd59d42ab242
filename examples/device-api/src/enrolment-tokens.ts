import { Hono } from "hono";
import * as v from "valibot";
import { nameText, readBody } from "./body.ts";
import type { AppEnv } from "./env.ts";
import { newId, newSecret, sha256 } from "./ids.ts";
import { needs } from "./needs.ts";
import { cutPage, readPage } from "./page.ts";
import { notFound } from "./problem.ts";

interface EnrolmentTokenRow {
  readonly id: string;
  readonly team_id: string;
  readonly name: string;
  readonly uses: number;
  readonly max_uses: number;
  readonly created_at: string;
  readonly expires_at: string;
  readonly revoked_at: string | null;
}

const COLUMNS = "id, team_id, name, uses, max_uses, created_at, expires_at, revoked_at";

const DAY_SECONDS = 86_400;

const enrolmentTokenBody = v.strictObject({
  name: nameText,
  max_uses: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000)), 1),
  /** Seconds. */
  expires_in: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(60), v.maxValue(90 * DAY_SECONDS)),
    7 * DAY_SECONDS,
  ),
});

function presentEnrolmentToken({ team_id: team, ...row }: EnrolmentTokenRow) {
  return { ...row, team };
}

/** `/teams/:team/enrolment-tokens` */
export const enrolmentTokens = new Hono<AppEnv>()
  .get("/", needs("EMM.EnrolmentTokens.VIEW"), async (c) => {
    const page = readPage(c);
    const { results } = await c.env.DB.prepare(
      `SELECT ${COLUMNS} FROM enrolment_tokens WHERE team_id = ? AND id > ? ORDER BY id LIMIT ?`,
    )
      .bind(c.get("token").team, page.after, page.limit + 1)
      .all<EnrolmentTokenRow>();
    const { page: rows, next_cursor } = cutPage(results, page);
    return c.json({ enrolment_tokens: rows.map(presentEnrolmentToken), next_cursor });
  })

  .post("/", needs("EMM.EnrolmentTokens.MANAGE"), async (c) => {
    const body = await readBody(c, enrolmentTokenBody);
    const secret = newSecret();
    const now = Date.now();
    const row = await c.env.DB.prepare(
      `INSERT INTO enrolment_tokens (id, team_id, name, hash, uses, max_uses, created_at, expires_at)
        VALUES (?, ?, ?, ?, 0, ?, ?, ?) RETURNING ${COLUMNS}`,
    )
      .bind(
        newId("enr"),
        c.get("token").team,
        body.name,
        await sha256(secret),
        body.max_uses,
        new Date(now).toISOString(),
        new Date(now + body.expires_in * 1000).toISOString(),
      )
      .first<EnrolmentTokenRow>();
    // The secret is in this answer and in no other.
    return c.json({ enrolment_token: row && presentEnrolmentToken(row), secret }, 201);
  })

  // Revoked, not removed: the devices that came by it still name it. A second time changes nothing.
  .delete("/:id", needs("EMM.EnrolmentTokens.DELETE"), async (c) => {
    const row = await c.env.DB.prepare(
      `UPDATE enrolment_tokens SET revoked_at = COALESCE(revoked_at, ?) WHERE team_id = ? AND id = ?
        RETURNING ${COLUMNS}`,
    )
      .bind(new Date().toISOString(), c.get("token").team, c.req.param("id"))
      .first<EnrolmentTokenRow>();
    if (row === null) throw notFound("enrolment token");
    return c.json({ enrolment_token: presentEnrolmentToken(row) });
  });
