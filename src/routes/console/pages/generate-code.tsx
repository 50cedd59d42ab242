import { OAUTH_PATHS } from "../../../domain/oauth-endpoints.ts";
import { parseCredential } from "../../../domain/token.ts";
import { clientProblem, type ShownClient } from "../client-form.tsx";
import { Field, Once, Problem, Select, TextArea } from "../parts.tsx";
import { Permissions } from "../report-contents.tsx";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import { fill, fillCount } from "../words/fill.ts";
import { clientPath, findClient } from "./clients.tsx";

/** Seed 002's drop-down; the first is the default. */
const DURATIONS_MINUTES = [2, 3, 5, 7, 10] as const;

interface Draft {
  readonly scope: string;
  readonly minutes: string;
  readonly description: string;
}

/** Seed 002's *Generate Code* tab: a grant token for a self client, shown once. */
export const generateCodePage: TeamPage = {
  path: "/clients/:id/code",
  nav: "clients",
  needs: "EMM.AccessTokens.CREATE",
  show: (visit) =>
    formPage(visit, { scope: "", minutes: String(DURATIONS_MINUTES[0]), description: "" }, null),
  async act(visit, form) {
    const draft = {
      scope: form.get("scope")?.trim().replaceAll(/\s+/g, " ") ?? "",
      minutes: form.get("minutes") ?? "",
      description: form.get("description") ?? "",
    };
    const made = await visit.api.post("GrantToken", `${clientPath(visit)}/grant-tokens`, {
      scope: draft.scope,
      duration_minutes: Number(draft.minutes),
      description: draft.description,
    });
    if (!made.ok) return formPage(visit, draft, clientProblem(visit, made.error));
    const found = await findClient(visit);
    if (!found.ok) return { refusal: found.error };
    const { code, expires_in: seconds } = made.value.body;
    return codePage(visit, found.value.client, code ?? "", seconds);
  },
};

async function formPage(visit: TeamVisit, draft: Draft, problem: string | null): Promise<Outcome> {
  const { words, language, base } = visit;
  const { clients: text } = words;
  const found = await findClient(visit);
  if (!found.ok) return { refusal: found.error };
  const { id, name, type, permissions } = found.value.client;
  if (type !== "self") return { refusal: { kind: "unknown_path" } };
  return {
    title: text.codeTitle,
    status: problem === null ? 200 : 400,
    content: (
      <>
        <p class="lead">{fill(text.codeLead, { name })}</p>
        <Problem text={problem} words={words} />
        <form method="post">
          <TextArea label={text.scope} name="scope" value={draft.scope} help={text.scopeHelp} required />
          <Permissions summary={text.scopeAll} permissions={permissions} />
          <Select
            label={text.duration}
            name="minutes"
            value={draft.minutes}
            options={DURATIONS_MINUTES.map(
              (minutes) => [String(minutes), fillCount(text.minutes, minutes, language)] as const,
            )}
          />
          <Field
            label={text.description}
            name="description"
            value={draft.description}
            help={text.descriptionHelp}
            required
            maxlength={500}
          />
          <div class="buttons">
            <button type="submit">{text.createCode}</button>
            <a class="button quiet" href={`${base}/clients/${id}`}>
              {words.frame.cancel}
            </a>
          </div>
        </form>
      </>
    ),
  };
}

function codePage(visit: TeamVisit, { id, jwks }: ShownClient, code: string, seconds: number): Outcome {
  const { words, language, base, deps } = visit;
  const { clients: text } = words;
  const path = `${base}/clients/${id}`;
  const command = [
    `curl ${deps.origins[deps.region]}${OAUTH_PATHS.token}`,
    "-d grant_type=authorization_code",
    `-d client_id=${id}`,
    "-d client_secret=CLIENT_SECRET",
    "-d code=CODE",
  ];
  return {
    title: text.codeMadeTitle,
    content: (
      <>
        <Once label={text.code} value={code} words={words} />
        <p>{fillCount(text.codeText, Math.floor(seconds / 60), language)}</p>
        {/* In the body of a form: a code has no place in an address (contract, section 2). */}
        <form method="post" action={`${path}/code/download`} class="offer">
          <input type="hidden" name="code" value={code} />
          <button type="submit" class="quiet">
            {text.download}
          </button>
        </form>
        {jwks === null ? (
          <>
            <p>{text.exchange}</p>
            <pre dir="ltr">
              <code>{command.join(" \\\n  ")}</code>
            </pre>
          </>
        ) : null}
        <p class="buttons">
          <a href={`${path}/code`}>{text.another}</a>
          <a href={path}>{text.toClient}</a>
        </p>
      </>
    ),
  };
}

/** The code as a file, from the page that shows it: sent back by its form, since nobody here can tell it again. */
export const downloadCodePage: TeamPage = {
  path: "/clients/:id/code/download",
  nav: "clients",
  needs: "EMM.AccessTokens.CREATE",
  async show({ base, params }) {
    return { redirect: `${base}/clients/${encodeURIComponent(params["id"] ?? "")}/code` };
  },
  async act(visit, form) {
    const code = parseCredential(form.get("code") ?? "");
    // Nothing but a code is sent back.
    if (code?.kind !== "gc") return { refusal: { kind: "unknown_path" } };
    const found = await findClient(visit);
    if (!found.ok) return { refusal: found.error };
    const { id } = found.value.client;
    const text = JSON.stringify(
      { grant_type: "authorization_code", client_id: id, code: code.text },
      null,
      2,
    );
    return { file: { name: "self_client.json", type: "application/json", text: `${text}\n` } };
  },
};
