import { notFound } from "./problem.ts";

export interface DeviceRow {
  readonly id: string;
  readonly team_id: string;
  readonly name: string;
  readonly platform: "android" | "ios" | "windows";
  readonly model: string;
  readonly serial: string;
  readonly has_esim: 0 | 1;
  readonly status: "managed" | "wiped";
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly possession: "in_stock" | "assigned" | "lost";
  readonly holder: string | null;
  readonly enrolled_with: string;
  readonly enrolled_at: string;
}

/** Who holds a device and where it is have rights, and answers, of their own. */
export function presentDevice(row: DeviceRow) {
  return {
    id: row.id,
    team: row.team_id,
    name: row.name,
    platform: row.platform,
    model: row.model,
    serial: row.serial,
    has_esim: row.has_esim === 1,
    status: row.status,
    enrolled_with: row.enrolled_with,
    enrolled_at: row.enrolled_at,
  };
}

/** @throws {Problem} when the team has no such device, whoever else may have it. */
export async function findDevice(db: D1Database, team: string, id: string): Promise<DeviceRow> {
  const row = await db
    .prepare("SELECT * FROM devices WHERE team_id = ? AND id = ?")
    .bind(team, id)
    .first<DeviceRow>();
  if (row === null) throw notFound("device");
  return row;
}
