import { credentials } from "../oauth/support.ts";
import { invite } from "../people.ts";
import { send, type Sending } from "../support.ts";
import { VIEW, type Household } from "./household.ts";
import type { Place } from "./support.ts";

/*
 * Every place that takes a credential or names the team, asked in the region that the team has left. One line each;
 * what is left out here would be a place where a team is alive twice.
 */

export interface Left extends Household {
  /** Of an invitation that nobody has used yet. */
  readonly invitation: string;
  /** A grant token that was not redeemed. */
  readonly code: string;
}

export interface Said {
  readonly status: number;
  /** The code of the refusal, or of the verdict. */
  readonly code: unknown;
  readonly text: string;
}

type Ask = (left: Left, at: Place) => Promise<Said>;

async function ask(at: Place, method: string, path: string, sending: Sending): Promise<Said> {
  const answer = await send(method, path, { at: at.at, ...sending });
  const text = await answer.text();
  const body = (text.startsWith("{") ? JSON.parse(text) : {}) as Record<string, unknown>;
  const code = body["reason"] ?? body["error_code"] ?? body["error"] ?? body["active"];
  return { status: answer.status, code, text };
}

function form(path: string, fields: (left: Left) => Record<string, string>, as?: (at: Place) => string): Ask {
  return (left, at) =>
    ask(at, "POST", path, {
      as: as?.(at) ?? null,
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(fields(left)).toString(),
    });
}

function checkOf(token: (left: Left) => string): Ask {
  return (left, at) =>
    ask(at, "POST", "/v1/check", { as: at.key, body: { token: token(left), permissions: [VIEW] } });
}

function proxy(path: string, headers: (left: Left, at: Place) => Record<string, string>): Ask {
  return (left, at) => ask(at, "GET", path, { as: null, headers: headers(left, at) });
}

function api(method: string, path: (left: Left) => string, as?: (left: Left) => Sending): Ask {
  const body = method === "GET" || method === "DELETE" ? {} : { body: {} };
  return (left, at) => ask(at, method, path(left), { ...body, ...as?.(left) });
}

const ofTeam =
  (rest = "") =>
  (left: Left) =>
    `/v1/teams/${left.team.id}${rest}`;
const token = "/oauth/v2/token";
const byService = (at: Place) => at.key;
const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";

export type Line = readonly [what: string, ask: Ask, status: number, code: unknown];

/** Who holds a credential is told where the team is, long after everything else of it is forgotten. */
export const BY_CREDENTIAL: readonly Line[] = [
  ["a check of a team access token", checkOf(({ token: t }) => t.token), 200, "wrong_region"],
  ["a check of an OAuth access token", checkOf(({ accessToken }) => accessToken), 200, "wrong_region"],
  ["a check of a foreign key", checkOf(({ foreign }) => foreign.text), 200, "wrong_region"],
  [
    "a check of a token that was revoked before",
    checkOf(({ revoked }) => revoked.token),
    200,
    "wrong_region",
  ],
  [
    "a question of a reverse proxy",
    proxy(`/v1/forward-auth?permission=${VIEW}&team=any`, (left, at) => ({
      Authorization: `Bearer ${left.token.token}`,
      "X-Jeton-Service-Key": at.key,
    })),
    401,
    "TOK0003",
  ],
  [
    "the token endpoint, a refresh token",
    form(token, (left) => ({
      grant_type: "refresh_token",
      refresh_token: left.refreshToken,
      ...credentials(left.client),
    })),
    400,
    "invalid_grant",
  ],
  [
    "the token endpoint, a token to exchange",
    form(token, (left) => ({
      grant_type: EXCHANGE,
      subject_token: left.accessToken,
      subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
      ...credentials(left.client),
    })),
    400,
    "invalid_request",
  ],
  [
    "incremental authorization",
    form("/oauth/v2/token/scopeenhance", (left) => ({
      grant_type: "update_scopes_token",
      refresh_token: left.refreshToken,
      ...credentials(left.client),
    })),
    400,
    "invalid_grant",
  ],
  [
    "introspection of a team access token",
    form("/oauth/v2/introspect", (left) => ({ token: left.token.token }), byService),
    200,
    false,
  ],
  [
    "introspection of an OAuth access token",
    form("/oauth/v2/introspect", (left) => ({ token: left.accessToken }), byService),
    200,
    false,
  ],
  [
    "introspection of a refresh token",
    form("/oauth/v2/introspect", (left) => ({ token: left.refreshToken }), byService),
    200,
    false,
  ],
  [
    "introspection of a foreign key",
    form("/oauth/v2/introspect", (left) => ({ token: left.foreign.text }), byService),
    200,
    false,
  ],
  [
    "a revocation of a refresh token (RFC 7009)",
    form("/oauth/v2/token/revoke", (left) => ({ token: left.refreshToken, ...credentials(left.client) })),
    400,
    "invalid_grant",
  ],
  [
    "a revocation of a refresh token by whoever has it",
    form("/oauth/v2/token/revoke", (left) => ({ token: left.refreshToken })),
    400,
    "invalid_grant",
  ],
  [
    "a revocation of an access token (RFC 7009)",
    form("/oauth/v2/token/revoke", (left) => ({ token: left.accessToken, ...credentials(left.client) })),
    400,
    "invalid_grant",
  ],
  ...(
    [
      ["a team access token", (left) => left.token.token],
      ["an OAuth access token", (left) => left.accessToken],
      ["a refresh token", (left) => left.refreshToken],
      ["a foreign key", (left) => left.foreign.text],
    ] as const satisfies readonly (readonly [string, (left: Left) => string])[]
  ).map(([what, text]): Line => [
    `a report that ${what} leaked`,
    (left, at) => ask(at, "POST", "/v1/leaks", { as: null, body: { token: text(left) } }),
    401,
    "TOK0003",
  ]),
  [
    "the user's own name",
    api(
      "GET",
      () => "/oauth/user/info",
      (left) => ({ as: left.accessToken }),
    ),
    401,
    "TOK0003",
  ],
  ...(["GET", "PATCH"] as const).flatMap((method): Line[] => [
    [
      `the team by a team access token, ${method}`,
      api(method, ofTeam(), (left) => ({ as: left.token.token })),
      401,
      "TOK0003",
    ],
    [
      `the team by an OAuth access token, ${method}`,
      api(method, ofTeam(), (left) => ({ as: left.accessToken })),
      401,
      "TOK0003",
    ],
    [
      `the team by a foreign key, ${method}`,
      api(method, ofTeam(), (left) => ({ as: left.foreign.text })),
      401,
      "TOK0003",
    ],
  ]),
  [
    "a client that acts for itself",
    form(token, (left) => ({ grant_type: "client_credentials", ...credentials(left.client) })),
    401,
    "invalid_client",
  ],
];

/** The operator names a team, and is told as well. */
export const BY_OPERATOR: readonly Line[] = [
  ["GET", ofTeam()],
  ["PATCH", ofTeam()],
  ["GET", ofTeam("/access-tokens")],
  ["POST", ofTeam("/access-tokens")],
  ["POST", ofTeam("/revoke-all")],
  ["GET", ofTeam("/members")],
  ["POST", ofTeam("/members")],
  ["GET", ofTeam("/roles")],
  ["GET", ofTeam("/clients")],
  ["GET", ofTeam("/webhooks")],
  ["POST", ofTeam("/webhooks")],
  ["GET", ofTeam("/domains")],
  ["POST", ofTeam("/imported-keys")],
].map(([method, path]): Line => [
  `the operator, ${String(method)} ${(path as (left: Left) => string)({ team: { id: "{team}" } } as Left)}`,
  api(method as string, path as (left: Left) => string),
  401,
  "TOK0003",
]);

/** What is there until the team is forgotten. */
export const WHILE_KEPT: readonly Line[] = [
  ["a member by their session", api("GET", ofTeam(), ({ owner }) => owner.session), 401, "TOK0003"],
  ["a change by a member's session", api("PATCH", ofTeam(), ({ owner }) => owner.session), 401, "TOK0003"],
  [
    "an invitation link",
    (left, at) =>
      ask(at, "POST", "/v1/invitations/accept", { as: null, body: { invitation: left.invitation } }),
    401,
    "TOK0003",
  ],
  [
    "the token endpoint, a grant token",
    form(token, (left) => ({
      grant_type: "authorization_code",
      code: left.code,
      redirect_uri: "https://app.example/callback",
      ...credentials(left.client),
    })),
    400,
    "invalid_grant",
  ],
];

/** An invitation and a grant token, which nobody uses before the team leaves. */
export async function openEnds(house: Household): Promise<{ invitation: string }> {
  return { invitation: (await invite(house.team.id, "owner")).secret };
}
