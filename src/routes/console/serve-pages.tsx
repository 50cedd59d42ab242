import type { Hono } from "hono";
import type { Env } from "../../bindings.ts";
import { exceeding } from "../../domain/permission.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { codeOf } from "../../domain/refusal-codes.ts";
import type { Deps } from "../../operations/deps.ts";
import { showHold } from "../../operations/show-hold.ts";
import { showPerson } from "../../operations/show-person.ts";
import { cookieOf, isSameOrigin, SESSION_COOKIE, sessionCookie } from "../session-cookie.ts";
import { ConsoleApi } from "./console-api.ts";
import { readerOf } from "./page-language.ts";
import { momentOf, page, readForm, type AppContext } from "./page.ts";
import { problemText } from "./problem-text.ts";
import { personPages, teamPages } from "./pages/index.ts";
import { Shell } from "./shell.tsx";
import type { DownloadedFile, NavKey, Outcome, ShownPage, TeamVisit, Visit, VisitedTeam } from "./visit.ts";
import type { Words } from "./words/index.ts";
import { fill } from "./words/fill.ts";

type App = Hono<{ Bindings: Env }>;
type DepsOf = (env: Env) => Deps;

/** Every page of the console, each at its path: GET shows it, POST takes its form. */
export function servePages(app: App, depsOf: DepsOf): void {
  for (const { path, nav, show, act } of personPages) {
    app.on(["GET", "POST"], `/console/me${path}`, (context) =>
      answer(context, depsOf, nav, async (visit, form) => ({
        team: null,
        outcome: await (form === null ? show(visit) : (act ?? show)(visit, form)),
      })),
    );
  }
  for (const { path, nav, needs, show, act } of teamPages) {
    app.on(["GET", "POST"], `/console/:team${path}`, (context) =>
      answer(context, depsOf, nav, async (visit, form) => {
        const team = visit.person.teams.find(({ slug }) => slug === visit.params["team"]) ?? null;
        if (team === null) return { team, outcome: { refusal: { kind: "unknown_path" } } };
        const hold = await showHold(visit.deps, sessionCookie(visit.request) ?? "", team.id, visit.moment);
        if (!hold.ok) return { team, outcome: { refusal: hold.error } };
        const may = (permission: string): boolean => exceeding(hold.value, [permission]).length === 0;
        if (needs !== undefined && !may(needs)) {
          return { team, may, outcome: { refusal: { kind: "missing_permission", missing: [needs] } } };
        }
        const there: TeamVisit = {
          ...visit,
          team,
          apiPath: `/v1/teams/${team.id}`,
          base: `/console/${team.slug}`,
          may,
        };
        return { team, may, outcome: await (form === null ? show(there) : (act ?? show)(there, form)) };
      }),
    );
  }
}

/** A page that there is none of: whoever is at the console is told so there. */
export function serveMissingPages(app: App, depsOf: DepsOf): void {
  app.get("/console/*", (context) =>
    answer(context, depsOf, null, async () => ({
      team: null,
      outcome: { refusal: { kind: "unknown_path" } },
    })),
  );
}

interface Answered {
  readonly team: VisitedTeam | null;
  /** What the person holds there; left out: nothing at the moment. */
  readonly may?: TeamVisit["may"];
  readonly outcome: Outcome;
}

async function answer(
  context: AppContext,
  depsOf: DepsOf,
  nav: NavKey | null,
  go: (visit: Visit, form: URLSearchParams | null) => Promise<Answered>,
): Promise<Response> {
  const deps = depsOf(context.env);
  const request = context.req.raw;
  const moment = momentOf(context, deps);
  const { words, language } = await readerOf(request, deps);
  const url = new URL(request.url);
  // A form from elsewhere is told so to whom it was put into the hand; it does nothing, see below.
  const cookie = cookieOf(request, SESSION_COOKIE);
  const person = cookie === null ? null : await showPerson(deps, cookie, moment);
  if (person === null) return signInFirst(context, url);
  const visit: Visit = {
    deps,
    request,
    moment,
    person,
    api: new ConsoleApi(deps, request, moment),
    words,
    language,
    params: context.req.param(),
    query: url.searchParams,
  };
  const form = request.method === "POST" ? await readOwnForm(request) : null;
  const { team, may, outcome }: Answered =
    form === "foreign" ? { team: null, outcome: foreignPage(words) } : await go(visit, form);
  const cookies = "cookies" in outcome ? (outcome.cookies ?? []) : [];
  for (const one of cookies) context.header("Set-Cookie", one, { append: true });
  if ("redirect" in outcome) return context.redirect(outcome.redirect, 303);
  if ("file" in outcome) return download(outcome.file);
  const shown = "refusal" in outcome ? refusalPage(visit, outcome.refusal) : outcome;
  return page(
    context,
    <Shell
      title={shown.title}
      language={language}
      words={words}
      person={person}
      team={team}
      {...(may === undefined ? {} : { may })}
      nav={nav}
      refreshSeconds={shown.refreshSeconds}
    >
      {shown.content}
    </Shell>,
    {
      status: shown.status ?? 200,
      script: true,
      language,
      path: request.method === "GET" ? url.pathname + url.search : null,
      leavesByForm: shown.leavesByForm === true ? deps : null,
    },
  );
}

function foreignPage({ frame }: Words): ShownPage {
  return { title: frame.problem, content: <p>{frame.notYourOwn}</p>, status: 403 };
}

/** To be kept on the person's own machine, and nowhere on the way there. */
function download({ name, type, text }: DownloadedFile): Response {
  return new Response(text, {
    headers: {
      "Content-Type": type,
      "Content-Disposition": `attachment; filename="${name}"`,
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      "Content-Security-Policy": "default-src 'none'; sandbox",
    },
  });
}

/** Back to the same page afterwards, if it was one to be looked at. */
function signInFirst(context: AppContext, { pathname, search }: URL): Response {
  const next = context.req.method === "GET" ? `?next=${encodeURIComponent(pathname + search)}` : "";
  return context.redirect(`/signin${next}`, 303);
}

/** A form of this very origin; a browser says so, and a page elsewhere cannot make it (contract, section 11). */
async function readOwnForm(request: Request): Promise<URLSearchParams | "foreign"> {
  return isSameOrigin(request) ? ((await readForm(request)) ?? "foreign") : "foreign";
}

function refusalPage({ words, language, deps }: Visit, refusal: Refusal): ShownPage {
  const { status } = codeOf(refusal);
  const text = problemText({ language, deps }, refusal);
  if (status === 404) {
    return { title: words.frame.notFound, content: <p>{words.frame.notFoundText}</p>, status: 404 };
  }
  if (refusal.kind === "missing_permission") {
    const needed = fill(words.tokens.needs, { what: refusal.missing.join(", ") });
    const content = (
      <>
        <p>{words.frame.noAccessText}</p>
        <p class="muted">{needed}</p>
      </>
    );
    return { title: words.frame.noAccess, content, status: 403 };
  }
  const content = (
    <>
      <p>{text}</p>
      {refusal.kind === "second_factor_required" ? (
        <p>
          <a href="/console/me">{words.account.toSecondFactor}</a>
        </p>
      ) : null}
    </>
  );
  return { title: words.frame.problem, content, status };
}
