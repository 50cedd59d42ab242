import { Hono } from "hono";
import * as v from "valibot";
import { readBody } from "./body.ts";
import { findDevice, type DeviceRow } from "./device-record.ts";
import type { AppEnv } from "./env.ts";
import { needs } from "./needs.ts";
import { Problem } from "./problem.ts";

const possessionBody = v.variant("state", [
  v.strictObject({ state: v.literal("assigned"), holder: v.pipe(v.string(), v.email(), v.maxLength(200)) }),
  v.strictObject({ state: v.picklist(["in_stock", "lost"]) }),
]);

/** `/teams/:team/devices/:id/possession`: who has a device. */
export const possession = new Hono<AppEnv>()
  .get("/", needs("EMM.DevicePossession.VIEW"), async (c) => {
    const device = await findDevice(c.env.DB, c.get("token").team, c.req.param("id") ?? "");
    return c.json({ possession: presentPossession(device) });
  })

  .put("/", needs("EMM.DevicePossession.CHANGE"), async (c) => {
    const { DB } = c.env;
    const { team } = c.get("token");
    const id = c.req.param("id") ?? "";
    const body = await readBody(c, possessionBody);
    const holder = body.state === "assigned" ? body.holder : null;
    // A device that somebody has is returned first: two people cannot be handed the same one.
    const { meta } = await DB.prepare(
      `UPDATE devices SET possession = ?3, holder = ?4 WHERE team_id = ?1 AND id = ?2
        AND (?4 IS NULL OR (status = 'managed' AND (holder IS NULL OR holder = ?4)))`,
    )
      .bind(team, id, body.state, holder)
      .run();
    const device = await findDevice(DB, team, id);
    if (meta.changes !== 1) {
      throw new Problem("SDE0003", "The device is wiped, or somebody else has it. Have it returned first.");
    }
    return c.json({ possession: presentPossession(device) });
  });

function presentPossession({ possession: state, holder }: DeviceRow) {
  return { state, holder };
}
