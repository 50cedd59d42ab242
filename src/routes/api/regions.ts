import * as v from "valibot";
import { isClientId } from "../../domain/public-id.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { currentHome } from "../../operations/regions/current-home.ts";
import { JWT_TYPE, REGISTRATIONS_PATH } from "../../operations/regions/send-registrations.ts";
import { takeRegistration } from "../../operations/regions/take-registration.ts";
import { readBytes } from "../body.ts";
import { route, type Route } from "./route.ts";

/** Several times what the largest registration takes. */
const MAX_BYTES = 256 * 1024;

export const regionRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: REGISTRATIONS_PATH,
    summary: "What a client's home region tells this one about it, as a JWT that it has signed.",
    // The signature says who it is.
    access: { kind: "anyone" },
    ownBody: v.string(),
    consumes: JWT_TYPE,
    answers: { status: 200, body: "TakenRegistration" },
    refuses: [401, 413],
    handle: async ({ deps, request }) => {
      const jws = await readJws(request);
      if (!jws.ok) return jws;
      const ip = request.headers.get("CF-Connecting-IP");
      const taken = await takeRegistration(deps, { jws: jws.value, ip });
      return taken.ok ? ok({ status: 200, body: taken.value }) : taken;
    },
  }),
  route({
    method: "GET",
    path: `${REGISTRATIONS_PATH}/{id}`,
    summary:
      "Which region's word counts about a client that was registered here: this one's, or where it moved.",
    access: { kind: "anyone" },
    answers: { status: 200, body: "ClientHome" },
    refuses: [404],
    handle: async ({ deps, params }) => {
      const client = params["id"] ?? "";
      const home = isClientId(client) ? await currentHome(deps, client) : null;
      return home === null
        ? err({ kind: "not_found", noun: "client" })
        : ok({ status: 200, body: { client, home } });
    },
  }),
];

async function readJws(request: Request): Promise<Result<string, Refusal>> {
  const [type = ""] = (request.headers.get("Content-Type") ?? "").split(";");
  if (type.trim().toLowerCase() !== JWT_TYPE) return err({ kind: "unsupported_media_type" });
  const bytes = await readBytes(request, MAX_BYTES);
  if (!bytes.ok) return bytes;
  return bytes.value.byteLength === 0
    ? err({ kind: "empty_body" })
    : ok(new TextDecoder().decode(bytes.value));
}
