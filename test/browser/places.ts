import type { Page } from "playwright-core";
import { inject } from "vitest";
import { REPORT_TYPES } from "../../src/domain/report.ts";
import { authorizationUrl } from "./world.ts";

/** Where a page can be met, and by whom. */
export interface Place {
  /** Below where its table stands; what it is called where `of` finds it. */
  readonly path: string;
  /** Finds it, from another page. */
  readonly of?: (page: Page) => Promise<string>;
  /** The owner when left out. */
  readonly as?: "owner" | "viewer" | "both" | "nobody";
  readonly status?: number;
  /** Tells several of one page apart. */
  readonly label?: string;
  /** What is done there before it is looked at. */
  readonly prepare?: (page: Page) => Promise<void>;
}

const world = inject("world");
const { base, clients, tokens, webhooks, outside } = world;

const at = (path: string, more: Omit<Place, "path"> = {}): Place => ({ path, ...more });
const openAll = async (page: Page) => {
  await page.evaluate(`for (const part of document.querySelectorAll("main details")) part.open = true;`);
};

/** Below `/console/{slug}`, by the page's own path. */
export const TEAM_PAGES: Readonly<Record<string, readonly Place[]>> = {
  "/access-tokens": [at("/access-tokens"), at("/access-tokens", { label: "-open", prepare: openAll })],
  "/access-tokens/new": [
    at("/access-tokens/new"),
    at("/access-tokens/new", { label: "-open", prepare: openAll }),
  ],
  "/access-tokens/:id/revoke": [at(`/access-tokens/${tokens.live}/revoke`)],
  "/access-tokens/:id": [
    at(`/access-tokens/${tokens.live}`),
    at(`/access-tokens/${tokens.revoked}`, { label: "-revoked" }),
  ],
  "/clients": [at("/clients")],
  "/clients/new": [at("/clients/new")],
  "/clients/new/:type": Object.keys(clients).map((type) => at(`/clients/new/${type}`, { label: `-${type}` })),
  "/clients/:id/edit": [at(`/clients/${clients.browser.id}/edit`)],
  "/clients/:id/secret": [at(`/clients/${clients.server.id}/secret`)],
  "/clients/:id/code": [at(`/clients/${clients.self.id}/code`)],
  "/clients/:id/code/download": [at(`/clients/${clients.self.id}/code/download`)],
  "/clients/:id/delete": [at(`/clients/${clients.mobile.id}/delete`)],
  "/clients/:id": Object.entries(clients).map(([type, { id }]) =>
    at(`/clients/${id}`, { label: `-${type}` }),
  ),
  "/webhooks": [at("/webhooks")],
  "/webhooks/new": [at("/webhooks/new")],
  "/webhooks/:id": [
    at(`/webhooks/${webhooks.good}`),
    at(`/webhooks/${webhooks.failing}`, { label: "-failing" }),
  ],
  "/webhooks/:id/edit": [at(`/webhooks/${webhooks.good}/edit`)],
  "/webhooks/:id/secret": [at(`/webhooks/${webhooks.good}/secret`)],
  "/webhooks/:id/redeliver": [at(`/webhooks/${webhooks.good}/redeliver`)],
  "/webhooks/:id/off": [at(`/webhooks/${webhooks.good}/off`)],
  "/webhooks/:id/delete": [at(`/webhooks/${webhooks.good}/delete`)],
  "/webhooks/:id/deliveries/:delivery": [at(`/webhooks/${webhooks.failing}/deliveries/${webhooks.delivery}`)],
  "/reports": [at("/reports")],
  "/reports/new": [
    at("/reports/new"),
    ...REPORT_TYPES.map((type) => at(`/reports/new?type=${type}`, { label: `-${type}` })),
  ],
  "/reports/:id/delete": [at(`/reports/${world.reports[0]}/delete`)],
  "/reports/:id": world.reports.map((id, index) =>
    at(`/reports/${id}`, { label: `-${REPORT_TYPES[index]}` }),
  ),
  "/audit": [at("/audit"), at("/audit?actor=operator", { label: "-filtered", prepare: openAll })],
  "/team": [at("/team"), at("/team", { label: "-read", as: "viewer" })],
  "/roles": [at("/roles"), at("/roles", { label: "-read", as: "viewer" })],
  "/roles/new": [at("/roles/new")],
  "/roles/:id": [at(`/roles/${world.viewing}`), at("/roles/owner", { label: "-owner" })],
  "/roles/:id/delete": [
    at(`/roles/${world.unusedRole}/delete`),
    at(`/roles/${world.viewing}/delete`, { label: "-used" }),
  ],
  "/members": [at("/members"), at("/members", { label: "-read", as: "viewer" })],
  "/members/new": [at("/members/new")],
  "/members/:id": [
    at(`/members/${world.viewer.member}`),
    at(`/members/${world.invited.member}`, { label: "-invited" }),
  ],
  "/members/:id/remove": [
    at(`/members/${world.viewer.member}/remove`),
    at(`/members/${world.invited.member}/remove`, { label: "-invited" }),
  ],
  "/sso-connections": [at("/sso-connections")],
  "/sso-connections/new": [at("/sso-connections/new")],
  "/sso-connections/:id": [at(`/sso-connections/${world.sso}`)],
  "/sso-connections/:id/remove": [at(`/sso-connections/${world.sso}/remove`)],
  "/security": [at("/security"), at("/security", { label: "-read", as: "viewer" })],
  "/domains": [at("/domains")],
  "/domains/:id": [
    at(`/domains/${world.domains.waiting}`),
    at(`/domains/${world.domains.proven}`, { label: "-proven" }),
  ],
  "/domains/:id/remove": [at(`/domains/${world.domains.waiting}/remove`)],
  "/billing": [at("/billing"), at("/billing", { label: "-refused", as: "viewer", status: 403 })],
};

/** Below `/console/me`. */
export const PERSON_PAGES: Readonly<Record<string, readonly Place[]>> = {
  "": [at("")],
  "/password": [at("/password")],
  "/second-factor": [at("/second-factor")],
  "/second-factor/codes": [at("/second-factor/codes")],
  "/second-factor/off": [at("/second-factor/off")],
  "/passkeys/new": [at("/passkeys/new")],
  "/passkeys/:id/remove": [
    at("/passkeys/…/remove", {
      of: async (page) => {
        await page.goto(`${world.url}/console/me`);
        return (await page.locator("a[href*='/passkeys/'][href$='/remove']").getAttribute("href")) ?? "";
      },
    }),
  ],
  "/connected-apps": [
    at("/connected-apps", { prepare: openAll }),
    at("/connected-apps", { label: "-empty", as: "viewer" }),
  ],
  "/connected-apps/revoke": [at(`/connected-apps/revoke?client=${clients.server.id}&team=${world.team}`)],
};

const DEVICE_SCOPE = "EMM.DeviceCommands.WIPE EMM.DeviceCommands.LOCK EMM.Devices.VIEW";

const consentOf = (scope: string, more: Record<string, string> = {}): string =>
  authorizationUrl("", clients.server.id, `${outside}/callback`, scope, more);

/** Where nobody need be signed in, or an application sends people. */
export const OTHER_PAGES: Readonly<Record<string, readonly Place[]>> = {
  "/console": [at("/console"), at("/console", { label: "-two-teams", as: "both" })],
  "/console/not-found": [at(`${base}/nothing-there`, { status: 404 })],
  "/signin": [
    at("/signin", { as: "nobody" }),
    at("/signin?team=acme", { label: "-team", as: "nobody" }),
    at("/signin?reset=1", { label: "-reset", as: "nobody" }),
  ],
  "/signin/sso/callback": [at("/signin/sso/callback?code=1&state=2", { as: "nobody", status: 400 })],
  "/invitations": [
    at(world.invited.path, { as: "nobody" }),
    at(world.invited.path, { label: "-other", as: "viewer" }),
    at("/invitations/nothing", { label: "-gone", as: "nobody", status: 404 }),
  ],
  "/reset": [
    at(world.resetPath, { as: "nobody" }),
    at("/reset/nothing", { label: "-gone", as: "nobody", status: 404 }),
  ],
  "/oauth/v2/auth": [
    at(consentOf(DEVICE_SCOPE, { access_type: "offline", prompt: "consent" })),
    at(consentOf(DEVICE_SCOPE), { label: "-teams", as: "both" }),
    at("/oauth/v2/auth?client_id=nobody", { label: "-problem", status: 400 }),
  ],
  "/device": [
    at("/device"),
    at("/device", {
      label: "-asks",
      prepare: async (page) => {
        const response = await page.request.post(`${world.url}/oauth/v2/device`, {
          form: { client_id: clients.device.id, scope: DEVICE_SCOPE },
        });
        const { user_code: code } = (await response.json()) as { user_code: string };
        await page.locator("main [name=user_code]").fill(code);
        await page.locator("main button[type=submit]").click();
        await page.locator("main [name=decision]").first().waitFor();
      },
    }),
  ],
};
