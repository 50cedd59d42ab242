import { Layout } from "./layout.tsx";

/** @param problem what was wrong with the last attempt, null at first */
export function SignInPage({ email, problem }: { readonly email: string; readonly problem: string | null }) {
  return (
    <Layout title="Sign in">
      {problem === null ? null : (
        <p class="alarm" role="alert">
          {problem}
        </p>
      )}
      <form method="post" action="/signin">
        <label>
          Email
          <input type="email" name="email" value={email} autocomplete="username" required />
        </label>
        <label>
          Password
          <input type="password" name="password" autocomplete="current-password" required />
        </label>
        <button type="submit">Sign in</button>
      </form>
    </Layout>
  );
}
