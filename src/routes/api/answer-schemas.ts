import * as v from "valibot";
import { nextCursor, time } from "./answer-fields.ts";
import { MOVE_ANSWERS } from "./move-answers.ts";
import { WEBHOOK_ANSWERS } from "./webhook-answers.ts";

/*
 * What answers look like, for the OpenAPI document and the tests. The Worker itself imports only the
 * types of this file, so that none of it is in the bundle.
 */

/** A JWS (RFC 7515, compact) by the region's key: `npm run verify-receipt` verifies it. */
const receipt = v.pipe(v.string(), v.regex(/^[\w-]+\.[\w-]+\.[\w-]+$/));

const rateLimit = v.strictObject({ limit: v.number(), window_seconds: v.number() });

const accessToken = v.strictObject({
  id: v.string(),
  team: v.string(),
  name: v.string(),
  profile_id: v.nullable(v.string()),
  permissions: v.array(v.string()),
  created_at: time,
  created_by: v.string(),
  expires_at: v.nullable(time),
  last_used_at: v.nullable(time),
  revoked_at: v.nullable(time),
  allowed_ips: v.nullable(v.array(v.string())),
  rate_limit: v.nullable(rateLimit),
  imported: v.optional(
    v.pipe(v.literal(true), v.description("It was made elsewhere; its hash was imported.")),
  ),
});

const team = v.strictObject({
  id: v.string(),
  name: v.string(),
  slug: v.string(),
  status: v.picklist(["active", "suspended"]),
  plan: v.string(),
  preferences: v.record(v.string(), v.unknown()),
  created_at: time,
  updated_at: time,
});

const role = v.strictObject({
  id: v.string(),
  name: v.string(),
  description: v.string(),
  permissions: v.array(v.string()),
  members: v.number(),
  created_at: time,
  updated_at: time,
  built_in: v.boolean(),
});

const member = v.strictObject({
  id: v.string(),
  email: v.string(),
  user: v.nullable(v.string()),
  role: v.string(),
  status: v.picklist(["invited", "active"]),
  invited_by: v.string(),
  created_at: time,
  joined_at: v.nullable(time),
});

const service = v.strictObject({
  id: v.string(),
  name: v.string(),
  catalogues: v.nullable(v.array(v.string())),
  resource: v.nullable(v.string()),
  created_at: time,
});

const catalogue = v.strictObject({
  service: v.string(),
  description: v.string(),
  resources: v.array(
    v.strictObject({
      name: v.string(),
      description: v.string(),
      graded: v.boolean(),
      operations: v.array(
        v.strictObject({
          name: v.string(),
          description: v.string(),
          strict: v.boolean(),
          requires: v.array(v.string()),
          implies: v.array(v.string()),
        }),
      ),
    }),
  ),
  permission_sets: v.array(
    v.strictObject({ name: v.string(), description: v.string(), permissions: v.array(v.string()) }),
  ),
});

const client = v.strictObject({
  id: v.string(),
  team: v.string(),
  type: v.picklist(["browser", "server", "mobile", "device", "self"]),
  name: v.string(),
  homepage_url: v.nullable(v.string()),
  redirect_uris: v.array(v.string()),
  js_origins: v.array(v.string()),
  permissions: v.array(v.string()),
  regions: v.array(v.string()),
  same_secret_everywhere: v.boolean(),
  jwks: v.nullable(v.strictObject({ keys: v.array(v.record(v.string(), v.string())) })),
  not_after: v.nullable(time),
  allowed_ips: v.nullable(v.array(v.string())),
  created_at: time,
  created_by: v.string(),
  updated_at: time,
});

const regionSecrets = v.pipe(
  v.record(v.string(), v.nullable(v.string())),
  v.description("By region, where each has one of its own."),
);

const error = v.strictObject({
  error: v.optional(v.literal("rate_limited")),
  error_code: v.string(),
  error_description: v.string(),
  localized_error_description: v.string(),
  missing: v.optional(v.array(v.string())),
  quota: v.optional(v.strictObject({ name: v.string(), limit: v.number() })),
  region: v.optional(v.strictObject({ code: v.string(), base_url: v.string() })),
});

const verdict = v.strictObject({
  allowed: v.boolean(),
  reason: v.nullable(
    v.picklist([
      "malformed_token",
      "wrong_region",
      "unknown_token",
      "invalid_proof",
      "wrong_audience",
      "wrong_team",
      "revoked_token",
      "expired_token",
      "team_suspended",
      "ip_not_allowed",
      "missing_permission",
      "rate_limited",
    ]),
  ),
  missing: v.array(v.string()),
  region: v.optional(v.strictObject({ code: v.string(), base_url: v.string() })),
  token: v.nullable(
    v.strictObject({
      id: v.string(),
      kind: v.picklist(["pat", "at"]),
      team: v.string(),
      name: v.string(),
      profile_id: v.nullable(v.string()),
      client_id: v.nullable(v.string()),
      user_id: v.nullable(v.string()),
      permissions: v.array(v.string()),
      expires_at: v.nullable(time),
    }),
  ),
  rate_limit: v.nullable(
    v.strictObject({ limit: v.number(), remaining: v.number(), reset_seconds: v.number() }),
  ),
  as_of: time,
  error: v.nullable(
    v.strictObject({
      status: v.number(),
      ...error.entries,
      retry_after: v.optional(v.number()),
    }),
  ),
});

const quotas = v.strictObject({
  access_tokens: v.nullable(v.number()),
  checks_per_minute: v.nullable(v.number()),
  webhooks: v.nullable(v.number()),
  clients: v.nullable(v.number()),
});

const domain = v.strictObject({
  id: v.string(),
  name: v.string(),
  verified_at: v.nullable(time),
  dns_record: v.strictObject({ type: v.literal("TXT"), name: v.string(), value: v.string() }),
  created_at: time,
});

const ssoConnection = v.strictObject({
  id: v.string(),
  name: v.string(),
  issuer: v.string(),
  client_id: v.string(),
  allowed_domains: v.array(v.string()),
  created_at: time,
  updated_at: time,
});

const chainLink = v.nullable(v.strictObject({ number: v.number(), hash: v.string() }));

const auditEvent = v.strictObject({
  id: v.string(),
  team: v.nullable(v.string()),
  at: time,
  type: v.string(),
  actor: v.strictObject({ id: v.string(), owner: v.string() }),
  subject: v.string(),
  ip: v.nullable(v.string()),
  detail: v.nullable(v.record(v.string(), v.unknown())),
  chain: chainLink,
});

const report = v.strictObject({
  id: v.string(),
  team: v.string(),
  type: v.picklist(["token-usage", "unused-permissions", "stale-tokens", "audit-trail"]),
  format: v.picklist(["json", "csv"]),
  status: v.picklist(["pending", "running", "ready", "failed"]),
  failure: v.nullable(v.picklist(["too_large", "internal"])),
  progress: v.number(),
  rows: v.number(),
  parameters: v.strictObject({
    since: v.nullable(time),
    until: v.nullable(time),
    days: v.nullable(v.number()),
  }),
  created_by: v.string(),
  created_at: time,
  finished_at: v.nullable(time),
  download_url: v.nullable(v.string()),
});

/** Every answer's body, by the name that it has in the OpenAPI document. */
export const ANSWER_SCHEMAS = {
  Empty: v.strictObject({}),
  Error: error,
  Health: v.strictObject({ status: v.literal("ok"), region: v.string(), version: v.string() }),
  Verdict: verdict,
  CreatedTeam: v.strictObject({
    team,
    owner: v.nullable(v.strictObject({ id: v.string(), email: v.string() })),
    invitation_link: v.optional(v.nullable(v.string())),
    replayed: v.optional(v.literal(true)),
  }),
  Team: v.strictObject({ team }),
  Teams: v.strictObject({ teams: v.array(team), next_cursor: nextCursor }),
  Security: v.strictObject({
    security: v.strictObject({
      require_2fa: v.boolean(),
      sign_in_methods: v.array(v.picklist(["password", "passkey", "sso"])),
      android_enterprise_id: v.nullable(v.string()),
      session_minutes: v.number(),
    }),
  }),
  Domain: v.strictObject({ domain, replayed: v.optional(v.literal(true)) }),
  Domains: v.strictObject({ domains: v.array(domain), next_cursor: nextCursor }),
  SsoConnection: v.strictObject({ sso_connection: ssoConnection, replayed: v.optional(v.literal(true)) }),
  SsoConnections: v.strictObject({ sso_connections: v.array(ssoConnection), next_cursor: nextCursor }),
  Plans: v.strictObject({ plans: v.array(v.strictObject({ name: v.string(), quotas })) }),
  Billing: v.strictObject({
    billing: v.strictObject({
      plan: v.string(),
      quotas,
      usage: v.strictObject({ access_tokens: v.number(), clients: v.number(), webhooks: v.number() }),
      billing_contact: v.nullable(v.strictObject({ name: v.string(), email: v.string() })),
      payment_reference: v.nullable(v.string()),
    }),
  }),
  Totals: v.strictObject({
    totals: v.strictObject({
      region: v.string(),
      teams: v.strictObject({ active: v.number(), suspended: v.number() }),
      users: v.number(),
      members: v.number(),
      services: v.number(),
      access_tokens: v.strictObject({ live: v.number(), expired: v.number(), revoked: v.number() }),
      checks: v.strictObject({ allowed: v.number(), denied: v.number() }),
    }),
  }),
  Users: v.strictObject({
    users: v.array(v.strictObject({ id: v.string(), email: v.string(), created_at: time })),
    next_cursor: nextCursor,
  }),
  RevokedAll: v.strictObject({
    revoked: v.strictObject({ access_tokens: v.number(), sessions: v.number() }),
    effective_by: time,
    receipt,
  }),
  ResetLink: v.strictObject({ reset_link: v.string(), expires_at: time }),
  CreatedAccessToken: v.strictObject({
    access_token: accessToken,
    token: v.nullable(v.string()),
    replayed: v.optional(v.literal(true)),
  }),
  ImportedKeys: v.strictObject({
    imported_keys: v.array(v.strictObject({ id: v.string(), name: v.string() })),
    effective_by: time,
    replayed: v.optional(v.literal(true)),
  }),
  AccessToken: v.strictObject({ access_token: accessToken }),
  AccessTokens: v.strictObject({ access_tokens: v.array(accessToken), next_cursor: nextCursor }),
  RevokedAccessToken: v.strictObject({ access_token: accessToken, effective_by: time, receipt }),
  ReportedLeak: v.strictObject({
    status: v.picklist(["revoked", "reported"]),
    effective_by: v.nullable(time),
    receipt: v.nullable(receipt),
  }),
  LeakLabels: v.array(
    v.strictObject({
      token_hash: v.string(),
      token_type: v.string(),
      label: v.picklist(["true_positive", "false_positive"]),
    }),
  ),
  CreatedClient: v.strictObject({
    client,
    client_secret: v.nullable(v.string()),
    client_secrets: v.optional(regionSecrets),
    replayed: v.optional(v.literal(true)),
  }),
  ChangedClient: v.strictObject({ client, client_secrets: v.optional(regionSecrets) }),
  Client: v.strictObject({ client }),
  Clients: v.strictObject({ clients: v.array(client), next_cursor: nextCursor }),
  DeletedClient: v.strictObject({ client, effective_by: time }),
  TakenRegistration: v.strictObject({ client: v.string(), version: v.number() }),
  GrantToken: v.strictObject({
    code: v.nullable(v.string()),
    expires_in: v.number(),
    replayed: v.optional(v.literal(true)),
  }),
  ...WEBHOOK_ANSWERS,
  ...MOVE_ANSWERS,
  CreatedRole: v.strictObject({ role, replayed: v.optional(v.literal(true)) }),
  Role: v.strictObject({ role }),
  Roles: v.strictObject({ roles: v.array(role), next_cursor: nextCursor }),
  InvitedMember: v.strictObject({
    member,
    invitation_link: v.nullable(v.string()),
    replayed: v.optional(v.literal(true)),
  }),
  Member: v.strictObject({ member }),
  Members: v.strictObject({ members: v.array(member), next_cursor: nextCursor }),
  RemovedMember: v.strictObject({ member, effective_by: time }),
  JoinedMember: v.strictObject({
    member,
    team: v.strictObject({ id: v.string(), name: v.string(), slug: v.string() }),
  }),
  CreatedService: v.strictObject({ service, key: v.string() }),
  Services: v.strictObject({ services: v.array(service), next_cursor: nextCursor }),
  DeletedService: v.strictObject({ service, effective_by: time }),
  ServiceKey: v.strictObject({ key: v.string(), previous_expire_at: time }),
  Catalogue: v.strictObject({ catalogue }),
  Catalogues: v.strictObject({ catalogues: v.array(catalogue) }),
  AuditEvents: v.strictObject({
    audit_events: v.array(auditEvent),
    next_cursor: nextCursor,
    head: chainLink,
  }),
  Report: v.strictObject({ report, replayed: v.optional(v.literal(true)) }),
  Reports: v.strictObject({ reports: v.array(report), next_cursor: nextCursor }),
  ReportFile: v.looseObject({
    report: v.looseObject({ id: v.string(), type: v.string(), team: v.string() }),
    rows: v.array(v.record(v.string(), v.unknown())),
  }),
  OpenApi: v.looseObject({
    openapi: v.string(),
    servers: v.array(v.looseObject({ url: v.string() })),
    paths: v.record(v.string(), v.record(v.string(), v.unknown())),
  }),
  Errors: v.strictObject({
    errors: v.array(
      v.strictObject({
        error_code: v.string(),
        statuses: v.array(v.number()),
        error_description: v.string(),
        localized_error_description: v.string(),
      }),
    ),
  }),
} as const;
