import { WorkerEntrypoint } from "cloudflare:workers";

const VERDICT = {
  allowed: true,
  reason: null,
  missing: [],
  token: {
    id: "tok_00000000000000000000000000",
    kind: "pat",
    team: "team_00000000000000000000000000",
    name: "Continuous integration",
    profile_id: "profile-1",
    client_id: null,
    user_id: null,
    permissions: ["EMM.DeviceCommands.LOCK", "EMM.Devices.VIEW"],
    expires_at: null,
  },
  rate_limit: null,
  as_of: "2026-01-01T00:00:00.000Z",
  error: null,
};

/** Says yes to everybody at once: what is left is the price of a call over a service binding. */
export class Anyone extends WorkerEntrypoint {
  check() {
    return VERDICT;
  }
}

/** The fastest answer that the runtime can give: the load generator's ceiling is measured against it. */
export default {
  fetch: () => new Response("ok"),
};
