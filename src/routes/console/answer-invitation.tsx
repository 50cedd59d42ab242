import type { Refusal } from "../../domain/refusal.ts";
import type { Deps } from "../../operations/deps.ts";
import { showInvitation } from "../../operations/show-invitation.ts";
import { signIn } from "../../operations/sign-in.ts";
import {
  clearCookie,
  cookieOf,
  INVITATION_COOKIE,
  isSameOrigin,
  SESSION_COOKIE,
  sessionCookie,
  setCookie,
} from "../session-cookie.ts";
import { ConsoleApi } from "./console-api.ts";
import { InvitationGonePage, InvitationPage, InvitationProblemPage } from "./invitation-page.tsx";
import { browserOf, momentOf, page, readForm, type AppContext } from "./page.ts";
import { readerOf } from "./page-language.ts";
import { problemText } from "./problem-text.ts";

/** Long enough to sign in, by a second factor too. */
const SIGN_IN_SECONDS = 900;

/** What may stand in a cookie and in a link: any other secret is none of ours. */
const SECRET = /^[0-9A-Za-z]{1,100}$/;

/** An invitation's link: shows what it is for, and changes nothing by being opened. */
export function answerInvitation(context: AppContext, deps: Deps): Promise<Response> {
  return invitationPage(context, deps, null);
}

/** Joins, or sends to sign in first. */
export async function answerAcceptance(context: AppContext, deps: Deps): Promise<Response> {
  const request = context.req.raw;
  const secret = secretOf(context);
  const form = isSameOrigin(request) ? await readForm(request) : null;
  if (form === null) {
    const { words } = await readerOf(request, deps);
    return invitationPage(context, deps, words.frame.notYourOwn);
  }
  if (form.get("do") === "signin") return signInFirst(context, secret);
  const moment = momentOf(context, deps);
  const password = form.get("password");
  const joined = await new ConsoleApi(deps, request, moment).post(
    "JoinedMember",
    "/v1/invitations/accept",
    password === null ? { invitation: secret } : { invitation: secret, password },
  );
  if (!joined.ok) return refusedPage(context, deps, joined.error);
  if (password === null) return redirect(context, "/console");
  // The account was made with this password just now: to ask for it again would prove nothing.
  const { email } = joined.value.body.member;
  const signedIn = await signIn(deps, { email, password, ...browserOf(request) }, moment);
  const opened = signedIn.ok ? signedIn.value.opened : null;
  if (opened === null) return redirect(context, "/signin");
  context.header("Set-Cookie", setCookie(SESSION_COOKIE, opened.secret));
  return redirect(context, "/console");
}

/** Back from signing in: on to the link that was opened. */
export function answerInvitationReturn(context: AppContext): Response {
  const secret = cookieOf(context.req.raw, INVITATION_COOKIE) ?? "";
  context.header("Set-Cookie", clearCookie(INVITATION_COOKIE));
  return redirect(context, SECRET.test(secret) ? `/invitations/${secret}` : "/console");
}

/** The secret waits in a cookie: the address of the sign-in page would end up in logs and histories. */
function signInFirst(context: AppContext, secret: string): Response {
  if (SECRET.test(secret)) {
    context.header("Set-Cookie", setCookie(INVITATION_COOKIE, secret, SIGN_IN_SECONDS));
  }
  return redirect(context, "/signin?next=%2Finvitations");
}

function secretOf(context: AppContext): string {
  return context.req.param("secret") ?? "";
}

function redirect(context: AppContext, to: string): Response {
  context.header("Cache-Control", "no-store");
  context.header("Referrer-Policy", "no-referrer");
  return context.redirect(to, 303);
}

/** What was wrong stands beside the form, unless there is nothing left to fill in. */
async function refusedPage(context: AppContext, deps: Deps, refusal: Refusal): Promise<Response> {
  const { words, language } = await readerOf(context.req.raw, deps);
  const labels = { password: words.invitation.password };
  return invitationPage(context, deps, problemText({ language, deps }, refusal, labels));
}

async function invitationPage(context: AppContext, deps: Deps, problem: string | null): Promise<Response> {
  const request = context.req.raw;
  const { words, language } = await readerOf(request, deps);
  const asked = { secret: secretOf(context), session: sessionCookie(request) };
  const shown = await showInvitation(deps, asked, momentOf(context, deps));
  if (shown.ok) {
    return page(
      context,
      <InvitationPage invitation={shown.value} problem={problem} words={words} language={language} />,
      {
        status: problem === null ? 200 : 400,
        language,
        leavesByForm: shown.value.offers.length > 0 ? deps : null,
      },
    );
  }
  if (shown.error.kind === "team_suspended") {
    const text = words.invitation.suspended;
    return page(context, <InvitationProblemPage text={text} words={words} language={language} />, {
      status: 403,
      language,
    });
  }
  return page(context, <InvitationGonePage words={words} language={language} />, { status: 404, language });
}
