import * as v from "valibot";
import { CLIENT_TYPES } from "../../domain/client.ts";
import { TEST_EVENT_TYPE, type EventType } from "../../domain/webhook-event.ts";

/*
 * What webhooks are told (contract, section 8), for the OpenAPI document and the tests: the audit trail's
 * details as the operations write them. Nothing here is in the bundle.
 */

const time = v.pipe(v.string(), v.isoTimestamp());
const text = v.string();
const texts = v.array(text);
const orNull = <S extends v.GenericSchema>(schema: S) => v.nullable(schema);

/** What every event's data begins with. */
const COMMON = {
  id: v.pipe(text, v.description("What it happened to: the audit trail's subject.")),
  sequence: v.pipe(
    v.number(),
    v.integer(),
    v.minValue(1),
    v.description("Grows with each event of the team, in the order of the changes."),
  ),
  actor: v.pipe(
    v.strictObject({ id: text, owner: text }),
    v.description("The credential that acted, and whose it is."),
  ),
};

/** The same without words, since the document would have them three times for each type. */
const CUT = {
  id: text,
  sequence: v.pipe(v.number(), v.integer(), v.minValue(1)),
  actor: v.strictObject({ id: text, owner: text }),
  truncated: v.literal(true),
};

/** `data` with these members; a body over 20 KB goes without the longest, and says so. */
function data<Rest extends v.ObjectEntries>(rest: Rest) {
  const { before: _before, after: _after, ...short } = rest as v.ObjectEntries;
  const whole = v.strictObject({ ...COMMON, ...rest });
  return v.union([
    whole,
    ...(Object.keys(short).length === 0 ? [] : [v.strictObject({ ...CUT, ...short })]),
    v.strictObject(CUT),
  ]);
}

const token = v.strictObject({ name: text, profile_id: orNull(text), permissions: texts });

const newToken = v.strictObject({
  ...token.entries,
  expires_at: orNull(time),
  allowed_ips: orNull(texts),
  rate_limit: orNull(v.strictObject({ limit: v.number(), window_seconds: v.number() })),
  imported: v.optional(v.pipe(v.literal(true), v.description("It is a key that was made elsewhere."))),
});

const client = v.strictObject({
  type: v.picklist(CLIENT_TYPES),
  name: text,
  homepage_url: orNull(text),
  redirect_uris: texts,
  js_origins: texts,
  permissions: texts,
  jwks: orNull(v.strictObject({ keys: v.array(v.record(text, text)) })),
  regions: texts,
  same_secret_everywhere: v.boolean(),
});

const role = v.strictObject({ name: text, description: text, permissions: texts });

const team = v.strictObject({
  name: text,
  slug: text,
  status: v.picklist(["active", "suspended"]),
  // By itself, `record` would take an array for an object.
  preferences: v.pipe(
    v.unknown(),
    v.check((value) => !Array.isArray(value)),
    v.record(text, v.unknown()),
  ),
});

const invitation = v.strictObject({ email: text, role: text });

const permissions = v.pipe(texts, v.description("What it may do, spelt out."));
const cause = v.pipe(text, v.description("Why, in a few words, or the type of what brought it about."));
const user = v.pipe(orNull(text), v.description("Null: it acts for the client itself."));

const decision = {
  client: text,
  user: v.optional(text),
  permissions,
  incremental: v.optional(
    v.pipe(v.literal(true), v.description("It adds to a grant that was there already.")),
  ),
};

const DATA = {
  "access_token.created": data({ after: newToken }),
  "access_token.revoked": data({ before: token, cause: v.optional(cause) }),
  "access_token.expiring": data({
    name: text,
    profile_id: orNull(text),
    expires_at: time,
    days: v.picklist([7, 1]),
  }),
  "client.created": data({ after: client }),
  "client.deleted": data({ before: client }),
  "client.secret_rotated": data({
    after: v.strictObject({
      overlap_seconds: v.number(),
      regions: v.optional(v.pipe(texts, v.description("Where; left out: at home alone."))),
    }),
  }),
  "grant.accepted": data({
    ...decision,
    access_type: v.optional(v.picklist(["online", "offline"])),
    duration_minutes: v.optional(v.number()),
    description: v.optional(text),
  }),
  "grant.denied": data(decision),
  "grant.revoked": data({ client: text, user, cause }),
  "refresh_token.evicted": data({
    client: text,
    grant: text,
    user,
    made_at: time,
    ended: v.pipe(v.number(), v.description("So many were ended at once; this is the oldest.")),
  }),
  "refresh_token.reuse_detected": data({ client: text, user, cause }),
  "rate_limit.exceeded": data({
    what: v.pipe(text, v.description("What is limited, such as `checks`.")),
    limit: v.number(),
    window_seconds: v.number(),
    retry_after: orNull(v.number()),
  }),
  "member.invited": data({ before: v.optional(invitation), after: invitation }),
  "member.joined": data({
    after: v.strictObject({ user: text, role: text, new_account: v.boolean() }),
  }),
  "member.removed": data({
    before: v.strictObject({
      ...invitation.entries,
      status: v.picklist(["invited", "active"]),
      user: orNull(text),
    }),
  }),
  "role.created": data({ after: role }),
  "role.updated": data({ before: v.partial(role), after: v.partial(role) }),
  "role.deleted": data({ before: role }),
  "team.updated": data({ before: v.partial(team), after: v.partial(team) }),
  "team.suspended": data({ before: v.partial(team), after: v.partial(team) }),
  "token.leaked": data({
    after: v.strictObject({
      kind: v.picklist(["pat", "at", "rt", "cs"]),
      reported_by: v.picklist(["anyone", "github"]),
      source: orNull(text),
      url: orNull(text),
    }),
  }),
  "webhook.disabled": data({
    before: v.strictObject({ status: text }),
    after: v.strictObject({
      status: v.picklist(["paused", "disabled"]),
      reason: v.picklist(["failing", "gone"]),
    }),
  }),
  [TEST_EVENT_TYPE]: data({}),
} satisfies Record<EventType | typeof TEST_EVENT_TYPE, v.GenericSchema>;

/** What an event says, in a sentence. */
export const EVENT_SUMMARIES: Readonly<Record<keyof typeof DATA, string>> = {
  "access_token.created": "An access token was created.",
  "access_token.revoked": "An access token was revoked; one event for each of those that ended together.",
  "access_token.expiring": "An access token expires in 7 days, or in one.",
  "client.created": "An OAuth client was registered.",
  "client.deleted": "An OAuth client was deleted, with all that it held.",
  "client.secret_rotated": "An OAuth client was given a new secret.",
  "grant.accepted": "Somebody let a client act for them, or a self client was given a grant token.",
  "grant.denied": "Somebody refused what a client asked for.",
  "grant.revoked": "A grant ended with its tokens; one event for each of those that ended together.",
  "refresh_token.evicted": "A refresh token gave way to a newer one.",
  "refresh_token.reuse_detected": "A refresh token was used again after its rotation, and its grant ended.",
  "rate_limit.exceeded": "A limit was exceeded; one event for each of its windows.",
  "member.invited": "Somebody was invited, or invited anew.",
  "member.joined": "Somebody accepted an invitation.",
  "member.removed": "A member was removed, or an invitation withdrawn.",
  "role.created": "A role was created.",
  "role.updated": "A role was changed: what changed, before and after.",
  "role.deleted": "A role was deleted.",
  "team.updated": "The team's information was changed: what changed, before and after.",
  "team.suspended": "The team was suspended.",
  "token.leaked": "A credential was found where it should not be.",
  "webhook.disabled":
    "Another webhook of the team was paused after failing for days, or disabled by its 410.",
  [TEST_EVENT_TYPE]: "Somebody asked for a test of this webhook. It cannot be subscribed to.",
};

export type ToldType = keyof typeof DATA;

export const TOLD_TYPES = Object.keys(DATA) as ToldType[];

/** The body of an event of a type. */
export function eventSchema(type: ToldType) {
  return v.strictObject({
    id: v.pipe(
      text,
      v.regex(/^evt_[0-9a-hjkmnp-tv-z]{26}$/),
      v.description("The same as `webhook-id`, and at each attempt the same."),
    ),
    type: v.literal(type),
    team: text,
    region: text,
    created_at: time,
    data: DATA[type],
  });
}
