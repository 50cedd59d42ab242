import * as v from "valibot";
import type { DeviceRow } from "./device-record.ts";

export interface CommandKind {
  /** Its path below `…/commands/`. */
  readonly name: string;
  readonly permission: string;
  readonly body: v.GenericSchema<unknown, Readonly<Record<string, unknown>>>;
  /** Why a managed device cannot take it, or null. */
  readonly objection: (device: DeviceRow) => string | null;
}

const nothing = v.strictObject({});
const message = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(500));
const appId = v.pipe(v.string(), v.regex(/^[A-Za-z][\w.]{0,149}$/));

const never = (): null => null;
const unlessAndroid = ({ platform }: DeviceRow): string | null =>
  platform === "android" ? null : "The command exists for Android devices only.";
const withoutEsim = ({ has_esim: hasEsim }: DeviceRow): string | null =>
  hasEsim === 1 ? null : "The device has no eSIM.";

/** Each command is a right of its own; WIPE and ADB are strict, which is Jeton's business and not ours. */
export const COMMAND_KINDS: readonly CommandKind[] = [
  {
    name: "lock",
    permission: "EMM.DeviceCommands.LOCK",
    body: v.strictObject({ message: v.optional(message) }),
    objection: never,
  },
  // The new password is chosen at the device: none travels through here.
  {
    name: "reset-password",
    permission: "EMM.DeviceCommands.RESET_PASSWORD",
    body: nothing,
    objection: never,
  },
  { name: "reboot", permission: "EMM.DeviceCommands.REBOOT", body: nothing, objection: never },
  { name: "wipe", permission: "EMM.DeviceCommands.WIPE", body: nothing, objection: never },
  {
    name: "remote-control",
    permission: "EMM.DeviceCommands.REMOTE_CONTROL",
    body: nothing,
    objection: unlessAndroid,
  },
  {
    name: "clear-app-data",
    permission: "EMM.DeviceCommands.CLEAR_APP_DATA",
    body: v.strictObject({ app_ids: v.pipe(v.array(appId), v.minLength(1), v.maxLength(20)) }),
    objection: unlessAndroid,
  },
  {
    name: "broadcast",
    permission: "EMM.DeviceCommands.BROADCAST",
    body: v.strictObject({ message }),
    objection: never,
  },
  {
    name: "manage-esim",
    permission: "EMM.DeviceCommands.MANAGE_ESIM",
    body: v.strictObject({ action: v.picklist(["install", "remove"]) }),
    objection: withoutEsim,
  },
  {
    name: "adb",
    permission: "EMM.DeviceCommands.ADB",
    body: v.strictObject({ command: v.pipe(v.string(), v.minLength(1), v.maxLength(500)) }),
    objection: unlessAndroid,
  },
];
