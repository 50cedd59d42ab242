import { Hono } from "hono";
import type { AppEnv } from "./env.ts";
import { needs } from "./needs.ts";

interface Count {
  readonly name: string;
  readonly count: number;
}

/** `/teams/:team/inventory`: what there is, in numbers. */
export const inventory = new Hono<AppEnv>().get("/", needs("EMM.Devices.VIEW"), async (c) => {
  const { team } = c.get("token");
  const { DB } = c.env;
  const count = (sql: string) => DB.prepare(sql).bind(team);
  const [platforms, statuses, others] = await DB.batch<Count>([
    count("SELECT platform AS name, COUNT(*) AS count FROM devices WHERE team_id = ? GROUP BY platform"),
    count("SELECT status AS name, COUNT(*) AS count FROM devices WHERE team_id = ? GROUP BY status"),
    count(`SELECT 'groups' AS name, COUNT(*) AS count FROM device_groups WHERE team_id = ?1
      UNION ALL SELECT 'policies', COUNT(*) FROM policies WHERE team_id = ?1
      UNION ALL SELECT 'queued_commands', COUNT(*) FROM commands WHERE team_id = ?1 AND status = 'queued'`),
  ]);
  const byStatus = byName(statuses?.results);
  return c.json({
    devices: {
      total: Object.values(byStatus).reduce((sum, each) => sum + each, 0),
      by_platform: byName(platforms?.results),
      by_status: byStatus,
    },
    ...byName(others?.results),
  });
});

function byName(counts: readonly Count[] = []): Record<string, number> {
  return Object.fromEntries(counts.map(({ name, count }) => [name, count]));
}
