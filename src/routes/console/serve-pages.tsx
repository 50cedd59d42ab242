import type { Hono } from "hono";
import type { Env } from "../../bindings.ts";
import { languageOf } from "../refusals.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { codeOf } from "../../domain/refusal-codes.ts";
import type { Deps } from "../../operations/deps.ts";
import { showPerson } from "../../operations/show-person.ts";
import { isSameOrigin, sessionCookie } from "../session-cookie.ts";
import { ConsoleApi } from "./console-api.ts";
import { momentOf, page, readForm, type AppContext, type PageStatus } from "./page.ts";
import { problemText } from "./problem-text.ts";
import { personPages, teamPages } from "./pages/index.ts";
import { Shell } from "./shell.tsx";
import type { NavKey, Outcome, ShownPage, TeamVisit, Visit, VisitedTeam } from "./visit.ts";
import { WORDS } from "./words/index.ts";

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
  for (const { path, nav, show, act } of teamPages) {
    app.on(["GET", "POST"], `/console/:team${path}`, (context) =>
      answer(context, depsOf, nav, async (visit, form) => {
        const team = visit.person.teams.find(({ slug }) => slug === visit.params["team"]) ?? null;
        if (team === null) return { team, outcome: { refusal: { kind: "unknown_path" } } };
        const there: TeamVisit = {
          ...visit,
          team,
          apiPath: `/v1/teams/${team.id}`,
          base: `/console/${team.slug}`,
        };
        return { team, outcome: await (form === null ? show(there) : (act ?? show)(there, form)) };
      }),
    );
  }
}

type Answered = { readonly team: VisitedTeam | null; readonly outcome: Outcome };

async function answer(
  context: AppContext,
  depsOf: DepsOf,
  nav: NavKey,
  go: (visit: Visit, form: URLSearchParams | null) => Promise<Answered>,
): Promise<Response> {
  const deps = depsOf(context.env);
  const request = context.req.raw;
  const moment = momentOf(context, deps);
  const language = languageOf(request);
  const words = WORDS[language];
  const url = new URL(request.url);
  const cookie = sessionCookie(request);
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
  const { team, outcome } =
    form === "foreign"
      ? {
          team: null,
          outcome: { title: words.frame.problem, content: words.frame.notYourOwn, status: 403 as const },
        }
      : await go(visit, form);
  if ("redirect" in outcome) return context.redirect(outcome.redirect, 303);
  const shown = "refusal" in outcome ? refusalPage(visit, outcome.refusal) : outcome;
  return page(
    context,
    <Shell
      title={shown.title}
      language={language}
      words={words}
      person={person}
      team={team}
      nav={nav}
      refreshSeconds={shown.refreshSeconds}
    >
      {shown.content}
    </Shell>,
    { status: shown.status ?? 200, script: true, language },
  );
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
  const title = refusal.kind === "missing_permission" ? words.frame.noAccess : words.frame.problem;
  return {
    title,
    content: (
      <>
        {refusal.kind === "missing_permission" ? <p>{words.frame.noAccessText}</p> : null}
        <p>{text}</p>
      </>
    ),
    status: status as PageStatus,
  };
}
