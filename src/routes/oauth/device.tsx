import { OAUTH_PATHS } from "../../domain/oauth-endpoints.ts";
import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { ok } from "../../domain/result.ts";
import { readUserCode, writeUserCode } from "../../domain/user-code.ts";
import type { Deps } from "../../operations/deps.ts";
import { authorizeDevice } from "../../operations/oauth/authorize-device.ts";
import { decideDevice } from "../../operations/oauth/decide-device.ts";
import { listPlaces, type Consenter } from "../../operations/oauth/list-places.ts";
import { showDeviceRequest } from "../../operations/oauth/show-device-request.ts";
import { isIdle } from "../../operations/oauth/weigh-places.ts";
import { browserOf, momentOf, page, readForm, type AppContext, type PageStatus } from "../console/page.ts";
import { readerOf } from "../console/page-language.ts";
import { fill } from "../console/words/fill.ts";
import type { Words } from "../console/words/index.ts";
import { isSameOrigin, sessionCookie } from "../session-cookie.ts";
import { answerJson } from "./answers.ts";
import { DeviceCodePage, DeviceConsentPage, DeviceDonePage } from "./device-page.tsx";
import { servePost, type DepsOf, type OAuthApp } from "./endpoint.ts";

const PAGE_PATH = "/device";

/** The device flow (RFC 8628): the endpoint that devices call, and the page on which people let them in. */
export function serveDevice(app: OAuthApp, depsOf: DepsOf): void {
  servePost(app, OAUTH_PATHS.deviceAuthorization, depsOf, async ({ deps, oauth, moment }) => {
    const authorized = await authorizeDevice(deps, oauth, moment);
    if (!authorized.ok) return authorized;
    const { deviceCode, userCode, expiresInSeconds, intervalSeconds } = authorized.value;
    const uri = deps.origins[deps.region] + PAGE_PATH;
    return ok(
      answerJson({
        device_code: deviceCode,
        user_code: userCode,
        verification_uri: uri,
        // Seed 002's clients know it by this name.
        verification_url: uri,
        verification_uri_complete: `${uri}?user_code=${userCode}`,
        expires_in: expiresInSeconds,
        interval: intervalSeconds,
      }),
    );
  });
  app.get(PAGE_PATH, async (context) => {
    const deps = depsOf(context.env);
    const userCode = normalized(context.req.query("user_code") ?? "");
    const who = await signedIn(context, deps);
    if (who === null) return toSignIn(context, userCode);
    return codePage(context, deps, { who, userCode, problem: null });
  });
  app.post(PAGE_PATH, async (context) => answerCode(context, depsOf(context.env)));
  app.post(`${PAGE_PATH}/decision`, async (context) => answerDecision(context, depsOf(context.env)));
}

/** Shows what a device asks for to whoever has typed its code; nothing is decided by that. */
async function answerCode(context: AppContext, deps: Deps): Promise<Response> {
  const form = await ownForm(context);
  const userCode = normalized(form?.get("user_code") ?? "");
  const who = await signedIn(context, deps);
  if (form === null || who === null) return toSignIn(context, userCode);
  return consentPage(context, deps, { who, userCode, problem: null });
}

async function answerDecision(context: AppContext, deps: Deps): Promise<Response> {
  const form = await ownForm(context);
  const userCode = normalized(form?.get("user_code") ?? "");
  const who = await signedIn(context, deps);
  if (form === null || who === null) return toSignIn(context, userCode);
  const choice = form.get("decision");
  if (choice !== "accept" && choice !== "deny") {
    const { words } = await readerOf(context.req.raw, deps);
    return consentPage(context, deps, { who, userCode, problem: words.device.choose }, 400);
  }
  const decided = await decideDevice(deps, who, {
    cookie: who.cookie,
    userCode,
    teamId: form.get("team") ?? "",
    accept: choice === "accept",
    ip: browserOf(context.req.raw).ip,
  });
  if (decided.ok) {
    deps.auditSealer.soon(decided.value.teamId, momentOf(context, deps));
    const reader = await readerOf(context.req.raw, deps);
    const content = <DeviceDonePage {...decided.value} reader={reader} />;
    return page(context, content, { language: reader.language });
  }
  const { error } = decided;
  // What can be answered by another choice leads back to it.
  if (error.kind === "scope_beyond_user" || error.kind === "user_gone") {
    const { words } = await readerOf(context.req.raw, deps);
    return consentPage(context, deps, { who, userCode, problem: problemOf(error, words) }, 403);
  }
  return refusedCode(context, deps, { who, userCode }, error);
}

interface Asking {
  readonly who: SignedIn;
  readonly userCode: string;
  readonly problem: string | null;
}

async function consentPage(
  context: AppContext,
  deps: Deps,
  { who, userCode, problem }: Asking,
  status: PageStatus = 200,
): Promise<Response> {
  const { ip } = browserOf(context.req.raw);
  const request = await showDeviceRequest(deps, who, { userCode, ip }, momentOf(context, deps));
  if (!request.ok) return refusedCode(context, deps, { who, userCode }, request.error);
  const reader = await readerOf(context.req.raw, deps);
  const view = { ...request.value, email: who.email, userCode, problem, reader };
  return page(context, <DeviceConsentPage {...view} />, { status, language: reader.language });
}

async function refusedCode(
  context: AppContext,
  deps: Deps,
  asking: Omit<Asking, "problem">,
  refusal: OAuthRefusal,
): Promise<Response> {
  const { words } = await readerOf(context.req.raw, deps);
  const isOften = refusal.kind === "rate_limited";
  if (isOften) context.header("Retry-After", String(refusal.retryAfterSeconds));
  return codePage(context, deps, { ...asking, problem: problemOf(refusal, words) }, isOften ? 429 : 400);
}

async function codePage(
  context: AppContext,
  deps: Deps,
  { who, userCode, problem }: Asking,
  status: PageStatus = 200,
): Promise<Response> {
  const reader = await readerOf(context.req.raw, deps);
  const content = <DeviceCodePage email={who.email} userCode={userCode} problem={problem} reader={reader} />;
  const path = context.req.method === "GET" ? pathWith(userCode) : null;
  return page(context, content, { status, language: reader.language, path });
}

function problemOf(refusal: OAuthRefusal, { device: text }: Words): string {
  switch (refusal.kind) {
    case "rate_limited":
      return fill(text.often, { seconds: String(refusal.retryAfterSeconds) });
    case "scope_beyond_user":
      return fill(text.notHeld, { missing: refusal.missing.join(", ") });
    case "user_gone":
      return text.notThere;
    case "scope_beyond_client":
      return text.notApp;
    default:
      return text.invalid;
  }
}

/** A form of this very origin; null: anything else. */
async function ownForm(context: AppContext): Promise<URLSearchParams | null> {
  const request = context.req.raw;
  return isSameOrigin(request) ? readForm(request) : null;
}

interface SignedIn extends Consenter {
  readonly cookie: string;
}

async function signedIn(context: AppContext, deps: Deps): Promise<SignedIn | null> {
  const cookie = sessionCookie(context.req.raw);
  const who = cookie === null ? null : await listPlaces(deps, cookie, momentOf(context, deps));
  return who === null || cookie === null || isIdle(who.places) ? null : { ...who, cookie };
}

function toSignIn(context: AppContext, userCode: string): Response {
  context.header("Cache-Control", "no-store");
  return context.redirect(`/signin?next=${encodeURIComponent(pathWith(userCode))}`, 303);
}

/** @param userCode as `normalized` gives it */
function pathWith(userCode: string): string {
  return userCode === "" ? PAGE_PATH : `${PAGE_PATH}?user_code=${userCode}`;
}

/** A user code as devices show it; what is none is not repeated. */
function normalized(text: string): string {
  const code = readUserCode(text);
  return code === null ? "" : writeUserCode(code);
}
