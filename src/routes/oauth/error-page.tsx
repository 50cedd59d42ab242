import { Layout } from "../console/layout.tsx";
import type { Reader } from "../console/words/index.ts";

/** What is wrong with what an application asked for: our own words alone. */
export function ErrorPage({
  text,
  isEnglish,
  reader: { words, language },
}: {
  readonly text: string;
  /** For the application's makers, whatever the reader's language. */
  readonly isEnglish: boolean;
  readonly reader: Reader;
}) {
  const { consent } = words;
  return (
    <Layout title={consent.failed} words={words} language={language}>
      <div class="note alarm" role="alert">
        {isEnglish ? (
          <p lang="en" dir="ltr">
            {text}
          </p>
        ) : (
          <p>{text}</p>
        )}
      </div>
      <p>{consent.failedText}</p>
    </Layout>
  );
}

/** The wrong person is signed in; who would be the right one is nobody else's business. */
export function OtherAccountPage({
  signIn,
  leave,
  reader: { words, language },
}: {
  readonly signIn: string;
  /** At the application, with its error. */
  readonly leave: string;
  readonly reader: Reader;
}) {
  const { consent } = words;
  return (
    <Layout title={consent.other} words={words} language={language}>
      <div class="note alarm" role="alert">
        <p>{consent.otherText}</p>
      </div>
      <p>
        <a class="button" href={signIn}>
          {consent.otherSignIn}
        </a>
      </p>
      <p>
        <a href={leave} rel="noreferrer">
          {consent.otherBack}
        </a>
      </p>
    </Layout>
  );
}
