import { DEVICE_CODE } from "../domain/client.ts";
import { redeemDeviceCode } from "../operations/oauth/redeem-device-code.ts";
import type { Grant } from "./grant.ts";

/** RFC 8628, section 3.4. */
export const deviceCode: Grant = {
  type: DEVICE_CODE,
  presents: { parameter: "device_code", kind: "dc", called: "device code" },
  redeem: redeemDeviceCode,
};
