import type { SsoOffer } from "../../operations/offer-sso.ts";
import { Layout } from "./layout.tsx";

export interface SignInView {
  readonly email: string;
  /** Where to go then. */
  readonly next: string;
  /** The identity providers that the address, or the team that was asked for, can use. */
  readonly offers: readonly SsoOffer[];
  /** What was wrong with the last attempt, null at first. */
  readonly problem: string | null;
}

export function SignInPage({ email, next, offers, problem }: SignInView) {
  return (
    <Layout title="Sign in">
      {problem === null ? null : (
        <p class="alarm" role="alert">
          {problem}
        </p>
      )}
      {offers.map(({ id, name }) => (
        <form method="post" action="/signin/sso" class="offer">
          <input type="hidden" name="connection" value={id} />
          <input type="hidden" name="next" value={next} />
          <button type="submit">Continue with {name}</button>
        </form>
      ))}
      <form method="post" action="/signin">
        <input type="hidden" name="next" value={next} />
        <label>
          Email
          <input type="email" name="email" value={email} autocomplete="username" required />
        </label>
        <label>
          Password
          <input
            type="password"
            name="password"
            autocomplete="current-password"
            aria-describedby="without-password"
          />
        </label>
        <p class="muted" id="without-password">
          Leave it empty if you sign in by your organisation's single sign-on.
        </p>
        <button type="submit">Sign in</button>
      </form>
    </Layout>
  );
}
