import type { Child } from "hono/jsx";
import { isRightToLeft, type Language } from "../../domain/language.ts";
import { BrandName, brandName, BrandStyle } from "./brand.tsx";
import { LanguageChoice } from "./language-choice.tsx";
import type { Words } from "./words/index.ts";

/** A page without the menu: of whoever is not signed in, or decides about an application. */
export function Layout({
  title,
  language,
  words,
  script,
  children,
}: {
  readonly title: string;
  readonly language: Language;
  readonly words: Words;
  /** The path of one that adds to it; it works without. */
  readonly script?: string | undefined;
  readonly children: Child;
}) {
  return (
    <html lang={language} dir={isRightToLeft(language) ? "rtl" : "ltr"}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · ${brandName()}`}</title>
        <link rel="icon" href="/console/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/console/style.css" />
        <BrandStyle />
        {script === undefined ? null : <script src={script} defer></script>}
      </head>
      <body class="alone">
        <header>
          <span class="brand">
            <span class="coin" aria-hidden="true"></span>
            <BrandName />
          </span>
        </header>
        <main>
          <h1>{title}</h1>
          {children}
        </main>
        <footer>
          <LanguageChoice words={words} />
        </footer>
      </body>
    </html>
  );
}
