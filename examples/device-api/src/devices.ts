import { Hono } from "hono";
import { findDevice, presentDevice, type DeviceRow } from "./device-record.ts";
import { enrolDevice, enrolmentBody } from "./enrol-device.ts";
import type { AppEnv } from "./env.ts";
import { readBody } from "./body.ts";
import { needs } from "./needs.ts";
import { cutPage, readPage } from "./page.ts";
import { notFound, Problem } from "./problem.ts";

/** `/teams/:team/devices` */
export const devices = new Hono<AppEnv>()
  .get("/", needs("EMM.Devices.VIEW"), async (c) => {
    const page = readPage(c);
    const { results } = await c.env.DB.prepare(
      "SELECT * FROM devices WHERE team_id = ? AND id > ? ORDER BY id LIMIT ?",
    )
      .bind(c.get("token").team, page.after, page.limit + 1)
      .all<DeviceRow>();
    const { page: rows, next_cursor } = cutPage(results, page);
    return c.json({ devices: rows.map(presentDevice), next_cursor });
  })

  // Whoever may make enrolment tokens may use one.
  .post("/", needs("EMM.EnrolmentTokens.MANAGE"), async (c) => {
    const body = await readBody(c, enrolmentBody);
    const device = await enrolDevice(c.env, c.get("token").team, body);
    return c.json({ device: presentDevice(device) }, 201);
  })

  .get("/:id", needs("EMM.Devices.VIEW"), async (c) => {
    const device = await findDevice(c.env.DB, c.get("token").team, c.req.param("id"));
    return c.json({ device: presentDevice(device) });
  })

  .get("/:id/location", needs("EMM.Devices.VIEW"), async (c) => {
    const { latitude, longitude, status } = await findDevice(
      c.env.DB,
      c.get("token").team,
      c.req.param("id"),
    );
    if (status === "wiped") throw new Problem("LOC0001", "A wiped device no longer tells where it is.");
    if (latitude === null) throw new Problem("LOC0001", "The device has not told where it is.");
    return c.json({ location: { latitude, longitude } });
  })

  // Taking a device out of management is what a wipe ends in, and needs the same right.
  .delete("/:id", needs("EMM.DeviceCommands.WIPE"), async (c) => {
    const { DB } = c.env;
    const { team } = c.get("token");
    const of = (sql: string) => DB.prepare(sql).bind(team, c.req.param("id"));
    const [deleted] = await DB.batch([
      of("DELETE FROM devices WHERE team_id = ? AND id = ? RETURNING id"),
      of("DELETE FROM group_devices WHERE team_id = ? AND device_id = ?"),
      of("DELETE FROM commands WHERE team_id = ? AND device_id = ?"),
    ]);
    if (deleted?.results.length !== 1) throw notFound("device");
    return c.body(null, 204);
  });
