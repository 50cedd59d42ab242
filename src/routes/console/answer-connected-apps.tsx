import type { Deps } from "../../operations/deps.ts";
import { disconnectApp } from "../../operations/disconnect-app.ts";
import { listConnectedApps } from "../../operations/list-connected-apps.ts";
import { isSameOrigin, sessionCookie } from "../session-cookie.ts";
import { ConnectedAppsPage } from "./connected-apps-page.tsx";
import { browserOf, momentOf, page, readForm, type AppContext } from "./page.ts";

const PATH = "/console/me/connected-apps";

/** What a person has allowed to applications. */
export async function answerConnectedApps(context: AppContext, deps: Deps): Promise<Response> {
  return show(context, deps, null);
}

/** Takes one of these back. */
export async function answerDisconnect(context: AppContext, deps: Deps): Promise<Response> {
  const request = context.req.raw;
  const form = isSameOrigin(request) ? await readForm(request) : null;
  if (form === null) return show(context, deps, "That did not come from this page. Try again.");
  const which = { clientId: form.get("client") ?? "", teamId: form.get("team") ?? "" };
  const by = { cookie: sessionCookie(request), ip: browserOf(request).ip };
  const moment = momentOf(context, deps);
  const teamId = await disconnectApp(deps, which, by, moment);
  if (teamId !== null) deps.auditSealer.soon(teamId, moment);
  return context.redirect(PATH, 303);
}

async function show(context: AppContext, deps: Deps, problem: string | null): Promise<Response> {
  const request = context.req.raw;
  const cookie = sessionCookie(request);
  if (problem !== null) {
    return page(context, <ConnectedAppsPage email={null} apps={[]} problem={problem} />, { status: 400 });
  }
  const found = cookie === null ? null : await listConnectedApps(deps, cookie, momentOf(context, deps));
  if (found === null) return context.redirect(`/signin?next=${encodeURIComponent(PATH)}`, 303);
  return page(context, <ConnectedAppsPage {...found} problem={null} />);
}
