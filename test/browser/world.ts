import { Api, joinTeam, type Cookie, type Made, type SignIn } from "./api.ts";
import { Browser } from "../clients/browser.ts";
import { SSO_EMAIL } from "./outside.ts";

declare module "vitest" {
  export interface ProvidedContext {
    readonly world: World;
  }
}

/** What there is on the server before the first test: a team in which each page has something to show. */
export interface World {
  /** By the name for which passkeys work. */
  readonly url: string;
  /** Of everybody elsewhere (see outside.ts). */
  readonly outside: string;
  readonly team: string;
  /** `/console/{slug}` */
  readonly base: string;
  readonly owner: SignIn & { readonly cookie: Cookie };
  /** Somebody who may only look, and not at everything. */
  readonly viewer: SignIn & { readonly cookie: Cookie; readonly member: string };
  /** In two teams, where an application has to be told which. */
  readonly both: Cookie;
  readonly serviceKey: string;
  readonly tokens: { readonly live: string; readonly revoked: string };
  readonly clients: Readonly<Record<"server" | "self" | "device" | "mobile" | "browser", Client>>;
  /** Of the roles of the team. */
  readonly viewing: string;
  readonly unusedRole: string;
  readonly invited: { readonly member: string; readonly path: string };
  readonly resetPath: string;
  readonly domains: { readonly proven: string; readonly waiting: string };
  readonly sso: string;
  readonly reports: readonly string[];
  readonly webhooks: { readonly good: string; readonly failing: string; readonly delivery: string };
}

export interface Client extends Made {
  readonly secret: string | null;
}

export const PASSWORD = "a password of some length";
export const OWNER = { email: "owner@acme.example", password: PASSWORD };

/** Of what nobody expects in a name: no place to break, text of both directions, markup. */
const LONG = "Synchronisation-of-everything-with-everything-else-in-the-warehouse-at-night";
const HOSTILE = `<b>"Ali" & 'علي'</b>`;

const DEVICE_RIGHTS = ["EMM.Devices.VIEW", "EMM.DeviceCommands.LOCK"];

/** Creates the world, by the API as an operator would, and by pages where only a person can. */
export async function makeWorld(url: string, outside: string): Promise<World> {
  const api = new Api(url);
  const { team } = await api.post<{ team: Made }>("/v1/teams", {
    name: "Acme",
    slug: "acme",
    plan: "enterprise",
    owner: OWNER,
  });
  const there = `/v1/teams/${team.id}`;
  const { key: serviceKey } = await api.post<{ key: string }>("/v1/services", { name: "Device API" });

  const role = async (name: string, permissions: readonly string[]) =>
    (await api.post<{ role: Made }>(`${there}/roles`, { name, description: "For the tests", permissions }))
      .role.id;
  const viewing = await role("Viewer", ["EMM.Team.VIEW", "EMM.Members.VIEW", "EMM.Roles.VIEW"]);
  const unusedRole = await role(LONG, ["EMM.Devices.VIEW"]);
  const viewer = await joinTeam(api, team.id, {
    email: "viewer@acme.example",
    password: PASSWORD,
    role: viewing,
  });
  const invitation = await api.post<{ member: Made; invitation_link: string }>(`${there}/members`, {
    email: "somebody-with-a-rather-long-name@a-department.acme.example",
    role: viewing,
  });
  const { reset_link: reset } = await api.post<{ reset_link: string }>(
    `/v1/users/${viewer.user}/reset-links`,
    {},
  );

  const token = (body: object) =>
    api.post<{ token: string; access_token: Made }>(`${there}/access-tokens`, {
      permissions: DEVICE_RIGHTS,
      ...body,
    });
  const live = await token({
    name: "Nightly export",
    profile_id: "export",
    expires_in: 7_776_000,
    allowed_ips: ["203.0.113.0/24", "127.0.0.1", "::1"],
    rate_limit: { limit: 1000, window_seconds: 60 },
  });
  const revoked = await token({
    name: HOSTILE,
    permissions: ["EMM.Team.ALL", "EMM.Devices.VIEW", "EMM.DeviceCommands.WIPE"],
  });
  await token({ name: LONG });
  for (const permission of [...DEVICE_RIGHTS, "EMM.DeviceCommands.WIPE"]) {
    await api.post(
      "/v1/check",
      { token: live.token, permissions: [permission], ip: "203.0.113.9" },
      serviceKey,
    );
  }
  await api.post(`${there}/access-tokens/${revoked.access_token.id}/revoke`, {});

  const client = async (body: object): Promise<Client> => {
    const made = await api.post<{ client: Made; client_secret: string | null }>(`${there}/clients`, {
      permissions: ["EMM.Devices.ALL", "EMM.DeviceCommands.ALL"],
      ...body,
    });
    return { id: made.client.id, secret: made.client_secret };
  };
  const homepage = { homepage_url: "https://planner.example" };
  const callback = `${outside}/callback`;
  const clients = {
    server: await client({ type: "server", name: "Planner", ...homepage, redirect_uris: [callback] }),
    self: await client({ type: "self", name: "Backend" }),
    device: await client({ type: "device", name: "Television" }),
    mobile: await client({ type: "mobile", name: LONG, redirect_uris: ["com.example.app:/callback"] }),
    browser: await client({
      type: "browser",
      name: HOSTILE,
      redirect_uris: [callback],
      js_origins: ["https://planner.example"],
    }),
  };

  const domain = async (name: string) =>
    (await api.post<{ domain: Made & { dns_record: { value: string } } }>(`${there}/domains`, { name }))
      .domain;
  const proven = await domain(SSO_EMAIL.slice(SSO_EMAIL.indexOf("@") + 1));
  await fetch(`${outside}/dns`, { method: "PUT", body: proven.dns_record.value });
  await api.post(`${there}/domains/${proven.id}/verify`, {});
  const waiting = await domain("a-rather-long-name-of-a-department.acme.example.org");
  const { sso_connection: sso } = await api.post<{ sso_connection: Made }>(`${there}/sso-connections`, {
    name: "Acme login",
    issuer: outside,
    client_id: "jeton",
    client_secret: "a-secret-of-the-provider",
    allowed_domains: [SSO_EMAIL.slice(SSO_EMAIL.indexOf("@") + 1)],
  });

  const webhook = async (name: string, description: string) =>
    (
      await api.post<{ webhook: Made }>(`${there}/webhooks`, {
        url: `${outside}/hook/${name}`,
        description,
        events: ["access_token.created", "access_token.revoked"],
      })
    ).webhook.id;
  await fetch(`${outside}/hook/failing`, { method: "PUT", body: "500" });
  const good = await webhook("good", "The inventory");
  const failing = await webhook("failing", "Another one, which is down");
  const { delivery } = await api.post<{ delivery: Made }>(`${there}/webhooks/${failing}/test`, {});
  await api.post(`${there}/webhooks/${good}/test`, {});

  const both = await joinTeam(api, team.id, { email: "both@acme.example", password: PASSWORD });
  const other = await api.post<{ team: Made }>("/v1/teams", { name: "Betriebshof", slug: "hof" });
  const cookie = await joinAlso(api, other.team.id, both);
  const person = new Browser(url, OWNER);
  await person.accept(authorizationUrl(url, clients.server.id, callback, DEVICE_RIGHTS[0] ?? ""));

  const reports: string[] = [];
  for (const type of ["token-usage", "unused-permissions", "stale-tokens", "audit-trail"]) {
    const { report } = await api.post<{ report: Made }>(`${there}/reports`, { type, format: "json" });
    await readyReport(api, `${there}/reports/${report.id}`);
    reports.push(report.id);
  }
  return {
    url,
    outside,
    team: team.id,
    base: "/console/acme",
    owner: { ...OWNER, cookie: await api.session(OWNER) },
    viewer: { ...viewer, cookie: await api.session(viewer) },
    both: cookie,
    serviceKey,
    tokens: { live: live.access_token.id, revoked: revoked.access_token.id },
    clients,
    viewing,
    unusedRole,
    invited: { member: invitation.member.id, path: new URL(invitation.invitation_link).pathname },
    resetPath: new URL(reset).pathname,
    domains: { proven: proven.id, waiting: waiting.id },
    sso: sso.id,
    reports,
    webhooks: { good, failing, delivery: delivery.id },
  };
}

/** Brings somebody who is in a team already into another one, and gives a session of theirs. */
async function joinAlso(api: Api, team: string, person: SignIn): Promise<Cookie> {
  const cookie = await api.session(person);
  const { invitation_link: link } = await api.post<{ invitation_link: string }>(`/v1/teams/${team}/members`, {
    email: person.email,
    role: "owner",
  });
  const response = await fetch(new URL(new URL(link).pathname, api.url), {
    method: "POST",
    redirect: "manual",
    headers: { "Sec-Fetch-Site": "same-origin", Cookie: `${cookie.name}=${cookie.value}` },
    body: new URLSearchParams(),
  });
  if (response.status !== 303) throw new Error(`${response.status} ${await response.text()}`);
  return cookie;
}

/** Asking for a report drives it on. */
async function readyReport(api: Api, path: string): Promise<void> {
  for (let asked = 0; asked < 100; asked += 1) {
    const { report } = await api.get<{ report: { status: string } }>(path);
    if (report.status === "ready") return;
    if (report.status === "failed") break;
  }
  throw new Error(`${path} does not become ready`);
}

/** Where an application sends a person. */
export function authorizationUrl(
  url: string,
  client: string,
  redirectUri: string,
  scope: string,
  more: Readonly<Record<string, string>> = {},
): string {
  const query = new URLSearchParams({
    client_id: client,
    redirect_uri: redirectUri,
    response_type: "code",
    scope,
    state: "a-state",
    ...more,
  });
  return `${url}/oauth/v2/auth?${query.toString()}`;
}
