import type { Child } from "hono/jsx";
import type { Words } from "./words/index.ts";

/** Asks the browser for a passkey, by script, and sends its answer on as a form. */
export function PasskeyForm({
  action,
  options,
  button,
  words,
  children,
}: {
  readonly action: string;
  /** As WebAuthn's JSON has them. */
  readonly options: object;
  readonly button: string;
  readonly words: Words;
  /** What else is sent. */
  readonly children: Child;
}) {
  return (
    <>
      <p class="note alarm" role="alert" data-passkey-failed hidden>
        {words.signin.passkeyFailed}
      </p>
      <noscript>
        <p class="note alarm">{words.signin.passkeyScript}</p>
      </noscript>
      <form method="post" action={action} data-passkey={JSON.stringify(options)}>
        {children}
        <input type="hidden" name="credential" value="" />
        <button type="submit">{button}</button>
      </form>
    </>
  );
}

/** What the script sent; null: nothing that could be an answer. */
export function readCredential(form: URLSearchParams): unknown {
  try {
    return JSON.parse(form.get("credential") ?? "") as unknown;
  } catch {
    return null;
  }
}
