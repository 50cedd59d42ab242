import { Layout } from "../console/layout.tsx";

/** What is wrong with what an application asked for: our own words alone. */
export function ErrorPage({ text }: { readonly text: string }) {
  return (
    <Layout title="This did not work">
      <p class="alarm" role="alert">
        {text}
      </p>
      <p>
        The application that brought you here has made a mistake, or its link is too old. Go back to it and
        start again; nothing was allowed.
      </p>
    </Layout>
  );
}

/** The wrong person is signed in; who would be the right one is nobody else's business. */
export function OtherAccountPage({
  signIn,
  leave,
}: {
  readonly signIn: string;
  /** At the application, with its error. */
  readonly leave: string;
}) {
  return (
    <Layout title="Another account is needed">
      <p class="alarm" role="alert">
        The account that is signed in here cannot decide this.
      </p>
      <p>
        <a href={signIn}>Sign in with another account, or in another way</a>
      </p>
      <p>
        <a href={leave} rel="noreferrer">
          Back to the application
        </a>
      </p>
    </Layout>
  );
}
