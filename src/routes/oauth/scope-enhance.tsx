import { ok } from "../../domain/result.ts";
import type { Deps } from "../../operations/deps.ts";
import {
  beginEnhancement,
  decideEnhancement,
  type Enhancement,
} from "../../operations/oauth/enhance-grant.ts";
import { makeEnhanceToken } from "../../operations/oauth/make-enhance-token.ts";
import { signOut } from "../../operations/sign-out.ts";
import { browserOf, momentOf, page, type AppContext } from "../console/page.ts";
import { readerOf } from "../console/page-language.ts";
import { clearCookie, SESSION_COOKIE, sessionCookie } from "../session-cookie.ts";
import { answerJson } from "./answers.ts";
import { consentPage, servePages } from "./authorize.tsx";
import { readableBy, servePost, type DepsOf, type OAuthApp } from "./endpoint.ts";
import { OtherAccountPage } from "./error-page.tsx";
import {
  errorParameters,
  problemPage,
  sendBack,
  sendBackRefusal,
  sendToSignIn,
  signInPath,
  withParameters,
} from "./person-answers.tsx";

const PAGE_PATH = "/oauth/v2/token/addextrascope";

/** Incremental authorization (contract, section 6): the token by which a client asks, and the page that asks. */
export function serveScopeEnhance(app: OAuthApp, depsOf: DepsOf): void {
  servePost(
    app,
    "/oauth/v2/token/scopeenhance",
    depsOf,
    async ({ deps, request, oauth, moment }) => {
      const made = await makeEnhanceToken(deps, oauth, moment);
      if (!made.ok) return made;
      const { token, expiresInSeconds, jsOrigins } = made.value;
      const state = oauth.parameters.get("state");
      const body = {
        // Under the name, and with the type, by which seed 002's clients read it.
        access_token: token,
        token_type: "Bearer",
        expires_in: expiresInSeconds,
        ...(state === null ? {} : { state }),
      };
      return ok(readableBy(answerJson(body), request, jsOrigins));
    },
    () => [{ parameter: "refresh_token", kind: "rt", called: "refresh token" }],
  );
  servePages(app, PAGE_PATH, depsOf, async (context, deps, decision) => {
    const request = context.req.raw;
    const query = [...new URL(request.url).searchParams];
    const by = { cookie: sessionCookie(request), ip: browserOf(request).ip };
    const moment = momentOf(context, deps);
    const handle = query.find(([name]) => name === "handle")?.[1] ?? "";
    const outcome =
      decision === null
        ? await beginEnhancement(deps, query, by, moment)
        : await decideEnhancement(deps, handle, by, decision, moment);
    if (outcome.kind === "enhanced") deps.auditSealer.soon(outcome.teamId, moment);
    if ("logout" in outcome && outcome.logout && by.cookie !== null) {
      await signOut(deps, by.cookie, by.ip);
      context.header("Set-Cookie", clearCookie(SESSION_COOKIE));
    }
    return answer(context, deps, outcome);
  });
}

function answer(context: AppContext, deps: Deps, outcome: Enhancement): Response | Promise<Response> {
  switch (outcome.kind) {
    case "problem":
      return problemPage(context, deps, outcome.refusal);
    case "sign_in":
      return sendToSignIn(context, pathOf(outcome.handle));
    case "other_account":
      return otherAccountPage(context, deps, outcome);
    case "returned":
      return sendBackRefusal(context, deps, outcome.back, outcome.refusal);
    case "consent":
      return consentPage(context, deps, outcome.view, pathOf(outcome.handle));
    case "enhanced":
      return sendBack(context, deps, outcome.back, { status: "success", scope_enhanced: "true" });
  }
}

async function otherAccountPage(
  context: AppContext,
  deps: Deps,
  { handle, back: { state, redirectUri } }: Extract<Enhancement, { kind: "other_account" }>,
): Promise<Response> {
  const leave = withParameters(redirectUri, {
    ...errorParameters(deps, { kind: "other_account" }),
    ...(state === null ? {} : { state }),
    iss: deps.origins[deps.region],
  });
  const reader = await readerOf(context.req.raw, deps);
  const path = pathOf(handle);
  const content = <OtherAccountPage signIn={signInPath(path)} leave={leave} reader={reader} />;
  return page(context, content, { status: 403, language: reader.language, path });
}

/** By its handle: the enhance token is in no link of ours. */
function pathOf(handle: string): string {
  return `${PAGE_PATH}?handle=${encodeURIComponent(handle)}`;
}
