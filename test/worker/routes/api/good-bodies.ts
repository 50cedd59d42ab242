import type { Route } from "../../../../src/routes/api/route.ts";

const GOOD_BODIES: Readonly<Record<string, object>> = {
  "POST /v1/check": { token: "x", permissions: ["EMM.Devices.VIEW"], cost: 1, ip: "203.0.113.7" },
  "POST /v1/leaks": { token: "x", url: "https://body.example/leak" },
  "POST /v1/teams": { name: "x", slug: "good", owner: { email: "good@body.example" } },
  "PATCH /v1/teams/{team}": { name: "x", preferences: { theme: "dark" } },
  "POST /v1/teams/{team}/access-tokens": {
    name: "x",
    permissions: ["EMM.Devices.VIEW"],
    permission_sets: ["facebook-opt-in"],
    expires_in: 60,
    allowed_ips: ["203.0.113.0/24"],
    rate_limit: { limit: 5, window_seconds: 60 },
  },
  "POST /v1/teams/{team}/imported-keys": {
    keys: [
      {
        name: "x",
        hash: "00".repeat(32),
        hash_format: "sha256-hex",
        permissions: ["EMM.Devices.VIEW"],
        expires_at: "2040-01-01",
      },
    ],
  },
  "POST /v1/teams/{team}/clients": {
    type: "browser",
    name: "x",
    homepage_url: "https://body.example",
    redirect_uris: ["https://body.example/cb"],
    js_origins: ["https://body.example"],
    permissions: ["EMM.Devices.VIEW"],
    regions: ["eu"],
  },
  "PATCH /v1/teams/{team}/clients/{id}": { name: "x", redirect_uris: ["https://body.example/cb"] },
  "POST /v1/teams/{team}/clients/{id}/secrets": { overlap_seconds: 5 },
  "POST /v1/teams/{team}/clients/{id}/grant-tokens": {
    scope: "EMM.Devices.VIEW",
    duration_minutes: 2,
    description: "x",
  },
  "POST /v1/teams/{team}/webhooks": {
    url: "https://body.example/hook",
    events: ["access_token.created"],
    description: "x",
  },
  "PATCH /v1/teams/{team}/webhooks/{id}": { url: "https://body.example/hook", status: "enabled" },
  "POST /v1/teams/{team}/webhooks/{id}/secrets": { overlap_seconds: 5 },
  "POST /v1/teams/{team}/webhooks/{id}/redeliver": { since: "2026-01-01", status: "failed" },
  "POST /v1/teams/{team}/roles": {
    name: "x",
    description: "x",
    permissions: ["EMM.Team.VIEW"],
    permission_sets: [],
  },
  "PATCH /v1/teams/{team}/roles/{id}": { description: "x" },
  "POST /v1/teams/{team}/members": { email: "invited@body.example", role: "owner" },
  "PATCH /v1/teams/{team}/members/{id}": { role: "owner" },
  "POST /v1/invitations/accept": { invitation: "x", password: "long enough" },
  "POST /v1/services": { name: "x", catalogues: ["EMM"], resource: "https://a.example" },
  "POST /v1/services/{id}/keys": { overlap_seconds: 5 },
  "PUT /v1/catalogues/{service}": {
    description: "x",
    resources: [{ name: "R", description: "x", operations: [{ name: "READ", description: "x" }] }],
    permission_sets: [{ name: "good-set", description: "x", permissions: ["EMM.Team.VIEW"] }],
  },
};

/** A body that would do, for tests that spoil one member of it; `{}` where nobody wrote one yet. */
export function goodBodyOf({ method, path }: Route): object {
  return GOOD_BODIES[`${method} ${path}`] ?? {};
}
