import type { Deps } from "../../operations/deps.ts";
import { isSameOrigin, LANGUAGE_COOKIE, setCookie } from "../session-cookie.ts";
import { Layout } from "./layout.tsx";
import { ownPath } from "./next-path.ts";
import { page, readForm, type AppContext } from "./page.ts";
import { chosenLanguage, readerOf } from "./page-language.ts";

const YEAR_SECONDS = 365 * 86_400;

/** Keeps the language that a person chose in their browser, or forgets it, and shows the page again. */
export async function answerLanguage(context: AppContext, deps: Deps): Promise<Response> {
  const request = context.req.raw;
  const form = isSameOrigin(request) ? await readForm(request) : null;
  if (form === null) {
    const { words, language } = await readerOf(request, deps);
    const content = (
      <Layout title={words.frame.problem} words={words} language={language}>
        <p>{words.frame.notYourOwn}</p>
      </Layout>
    );
    return page(context, content, { status: 403, language });
  }
  const chosen = chosenLanguage(form.get("language"));
  context.header("Set-Cookie", setCookie(LANGUAGE_COOKIE, chosen ?? "", chosen === null ? 0 : YEAR_SECONDS));
  context.header("Cache-Control", "no-store");
  context.header("Referrer-Policy", "no-referrer");
  return context.redirect(ownPath(form.get("next"), request) ?? "/console", 303);
}
