import * as v from "valibot";
import { nameText } from "./body.ts";
import { findDevice, type DeviceRow } from "./device-record.ts";
import type { AppEnv } from "./env.ts";
import { newId, sha256 } from "./ids.ts";
import { Problem } from "./problem.ts";

export const enrolmentBody = v.strictObject({
  enrolment_token: v.pipe(v.string(), v.maxLength(200)),
  name: nameText,
  platform: v.picklist(["android", "ios", "windows"]),
  model: nameText,
  serial: nameText,
  has_esim: v.optional(v.boolean(), false),
  location: v.optional(
    v.strictObject({
      latitude: v.pipe(v.number(), v.minValue(-90), v.maxValue(90)),
      longitude: v.pipe(v.number(), v.minValue(-180), v.maxValue(180)),
    }),
  ),
});

/** One statement decides, so that two devices cannot share the last use or the last licence. */
const INSERT = `INSERT INTO devices (id, team_id, name, platform, model, serial, has_esim, status,
    latitude, longitude, possession, holder, enrolled_with, enrolled_at)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, 'managed', ?8, ?9, 'in_stock', NULL, t.id, ?10
  FROM enrolment_tokens t
  WHERE t.team_id = ?2 AND t.hash = ?11 AND t.revoked_at IS NULL AND t.expires_at > ?10
    AND t.uses < t.max_uses
    AND (SELECT COUNT(*) FROM devices WHERE team_id = ?2 AND status = 'managed') < ?12
  ON CONFLICT (team_id, serial) DO NOTHING`;

const COUNT_USE = `UPDATE enrolment_tokens SET uses = uses + 1
  WHERE team_id = ?1 AND id = (SELECT enrolled_with FROM devices WHERE team_id = ?1 AND id = ?2)`;

/** @throws {Problem} when the enrolment token does not allow it, or there is no licence left. */
export async function enrolDevice(
  { DB, DEVICE_LIMIT }: AppEnv["Bindings"],
  team: string,
  body: v.InferOutput<typeof enrolmentBody>,
): Promise<DeviceRow> {
  const id = newId("dev");
  const hash = await sha256(body.enrolment_token);
  const now = new Date().toISOString();
  const { latitude = null, longitude = null } = body.location ?? {};
  const { name, platform, model, serial } = body;
  const values = [
    id,
    team,
    name,
    platform,
    model,
    serial,
    body.has_esim ? 1 : 0,
    latitude,
    longitude,
    now,
    hash,
  ];
  const [inserted] = await DB.batch([
    DB.prepare(INSERT).bind(...values, Number(DEVICE_LIMIT)),
    DB.prepare(COUNT_USE).bind(team, id),
  ]);
  if (inserted?.meta.changes !== 1) throw await whyNot(DB, { team, hash, serial, now });
  return findDevice(DB, team, id);
}

async function whyNot(
  db: D1Database,
  { team, hash, serial, now }: { team: string; hash: string; serial: string; now: string },
): Promise<Problem> {
  const [token, taken] = await db.batch([
    db
      .prepare(
        `SELECT id FROM enrolment_tokens WHERE team_id = ? AND hash = ? AND revoked_at IS NULL
          AND expires_at > ? AND uses < max_uses`,
      )
      .bind(team, hash, now),
    db.prepare("SELECT id FROM devices WHERE team_id = ? AND serial = ?").bind(team, serial),
  ]);
  if (token?.results.length !== 1) {
    return new Problem("COM0005", "Member enrolment_token is not known, used up, expired or revoked.");
  }
  if (taken?.results.length === 1) {
    return new Problem("COM0010", "A device with this serial number is enrolled already.");
  }
  return new Problem("COM00020", "All device licences of this team are in use.");
}
