import type { Refusal } from "../../../domain/refusal.ts";
import { ok, type Result } from "../../../domain/result.ts";
import { CheckBox, Empty, Field, Meanwhile, Problem } from "../parts.tsx";
import { problemText } from "../problem-text.ts";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import { Addresses, connectionPath, type ShownConnection } from "./sso-connections.tsx";

/** What was typed; the secret is not among it, for it is never shown again. */
interface Draft {
  readonly name: string;
  readonly issuer: string;
  readonly client_id: string;
  readonly allowed_domains: readonly string[];
}

interface Around {
  readonly problem?: string | null;
  readonly current?: { readonly connection: ShownConnection; readonly etag: string };
  readonly isConflict?: boolean;
}

const MAX_PAGES = 5;

export const addSsoConnectionPage: TeamPage = {
  path: "/sso-connections/new",
  nav: "members",
  needs: "EMM.Members.MANAGE",
  show: (visit) => formPage(visit, { name: "", issuer: "", client_id: "", allowed_domains: [] }, {}),
  async act(visit, form) {
    const { api, apiPath, base } = visit;
    const draft = readDraft(form);
    const body = { ...draft, client_secret: form.get("client_secret") ?? "" };
    const made = await api.post("SsoConnection", `${apiPath}/sso-connections`, body);
    if (made.ok) return { redirect: `${base}/sso-connections?created=${made.value.body.sso_connection.id}` };
    return formPage(visit, draft, { problem: problemOf(visit, made.error) });
  },
};

export const editSsoConnectionPage: TeamPage = {
  path: "/sso-connections/:id",
  nav: "members",
  needs: "EMM.Members.MANAGE",
  async show(visit) {
    const current = await readCurrent(visit);
    return current.ok
      ? formPage(visit, current.value.connection, { current: current.value })
      : { refusal: current.error };
  },
  async act(visit, form) {
    const { api, base } = visit;
    const current = await readCurrent(visit);
    if (!current.ok) return { refusal: current.error };
    const draft = readDraft(form);
    const secret = form.get("client_secret") ?? "";
    const body = {
      ...changedMembers(draft, current.value.connection),
      ...(secret && { client_secret: secret }),
    };
    const etag = form.get("etag") ?? "";
    const saved = await api.patch("SsoConnection", connectionPath(visit), body, etag);
    if (saved.ok) return { redirect: `${base}/sso-connections?saved=${saved.value.body.sso_connection.id}` };
    if (saved.error.kind === "precondition_failed") {
      return formPage(visit, draft, { current: current.value, isConflict: true });
    }
    const problem = problemOf(visit, saved.error);
    return formPage(visit, draft, { current: { ...current.value, etag }, problem });
  },
};

async function readCurrent(visit: TeamVisit): Promise<Result<Required<Around>["current"], Refusal>> {
  const shown = await visit.api.get("SsoConnection", connectionPath(visit));
  if (!shown.ok) return shown;
  return ok({ connection: shown.value.body.sso_connection, etag: shown.value.etag ?? "" });
}

function readDraft(form: URLSearchParams): Draft {
  return {
    name: form.get("name") ?? "",
    issuer: form.get("issuer")?.trim() ?? "",
    client_id: form.get("client_id")?.trim() ?? "",
    allowed_domains: form.getAll("domain"),
  };
}

/** Who names an issuer or its domains answers for them from then on: what stays as it is, is not named. */
function changedMembers(draft: Draft, connection: ShownConnection): Partial<Draft> {
  const changed = Object.entries(draft).filter(
    ([name, value]) => String(value) !== String(connection[name as keyof Draft]),
  );
  return Object.fromEntries(changed);
}

function problemOf(visit: TeamVisit, refusal: Refusal): string {
  const { sso: text } = visit.words;
  return problemText(visit, refusal, {
    name: text.name,
    issuer: text.issuer,
    client_id: text.clientId,
    client_secret: text.clientSecret,
    allowed_domains: text.domains,
  });
}

/** The names of the domains that the team has proven. */
async function provenDomains({ api, apiPath }: TeamVisit): Promise<Result<readonly string[], Refusal>> {
  const names: string[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const after: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const listed = await api.get("Domains", `${apiPath}/domains?limit=100${after}`);
    if (!listed.ok) return listed;
    const { domains, next_cursor: next } = listed.value.body;
    names.push(...domains.filter((domain) => domain.verified_at !== null).map(({ name }) => name));
    cursor = next;
    if (cursor === null) break;
  }
  return ok(names);
}

async function formPage(visit: TeamVisit, draft: Draft, around: Around): Promise<Outcome> {
  const { words, base } = visit;
  const { sso: text } = words;
  const { problem = null, current, isConflict = false } = around;
  const proven = await provenDomains(visit);
  if (!proven.ok) return { refusal: proven.error };
  const title = current?.connection.name ?? text.newTitle;
  if (proven.value.length === 0 && current === undefined) return needsDomain(visit, title);
  const now = current?.connection;
  return {
    title,
    status: isConflict ? 412 : problem === null ? 200 : 400,
    content: (
      <>
        <Problem text={problem} words={words} />
        <Meanwhile
          differing={
            isConflict && now !== undefined
              ? [
                  [text.name, draft.name, now.name],
                  [text.issuer, draft.issuer, now.issuer],
                  [text.clientId, draft.client_id, now.client_id],
                  [text.domains, draft.allowed_domains.join(", "), now.allowed_domains.join(", ")],
                ]
              : null
          }
          words={words}
        />
        <form method="post">
          {current === undefined ? null : <input type="hidden" name="etag" value={current.etag} />}
          <Field
            label={text.name}
            name="name"
            value={draft.name}
            help={text.nameHelp}
            required
            maxlength={100}
          />
          <Field
            label={text.issuer}
            name="issuer"
            type="url"
            value={draft.issuer}
            help={text.issuerHelp}
            required
            maxlength={500}
          />
          <Field label={text.clientId} name="client_id" value={draft.client_id} required maxlength={300} />
          <Field
            label={text.clientSecret}
            name="client_secret"
            type="password"
            autocomplete="new-password"
            help={current === undefined ? text.secretHelp : text.secretKept}
            required={current === undefined}
            maxlength={1000}
          />
          <fieldset>
            <legend>{text.domains}</legend>
            <p class="help">{text.domainsHelp}</p>
            {proven.value.map((name) => (
              <CheckBox
                label={name}
                name="domain"
                value={name}
                checked={draft.allowed_domains.includes(name)}
              />
            ))}
          </fieldset>
          <div class="buttons">
            <button type="submit">{current === undefined ? text.create : text.save}</button>
            <a class="button quiet" href={`${base}/sso-connections`}>
              {words.frame.cancel}
            </a>
          </div>
        </form>
        <Addresses visit={visit} hasConnection={false} />
      </>
    ),
  };
}

function needsDomain({ words, base }: TeamVisit, title: string): Outcome {
  const { sso: text } = words;
  return {
    title,
    content: (
      <Empty>
        <p>{text.noDomain}</p>
        <p>
          <a class="button" href={`${base}/domains`}>
            {text.toDomains}
          </a>
        </p>
      </Empty>
    ),
  };
}
