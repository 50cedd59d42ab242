import type { AnswerBody } from "../console-api.ts";
import { Confirm, Copyable, Done, Empty, Field, Pager, Problem, Table, When } from "../parts.tsx";
import { problemText } from "../problem-text.ts";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import type { Words } from "../words/index.ts";
import { fill } from "../words/fill.ts";

type ShownDomain = AnswerBody<"Domain">["domain"];

/** Team > Domains: which e-mail domains are the team's. */
export const domainsPage: TeamPage = {
  path: "/domains",
  nav: "domains",
  show: (visit) => listPage(visit, "", null),
  async act(visit, form) {
    const { api, apiPath, base, words } = visit;
    const name = form.get("name")?.trim() ?? "";
    const added = await api.post("Domain", `${apiPath}/domains`, { name });
    if (added.ok) return { redirect: `${base}/domains/${added.value.body.domain.id}` };
    return listPage(visit, name, problemText(visit, added.error, { name: words.domains.name }));
  },
};

async function listPage(visit: TeamVisit, name: string, problem: string | null): Promise<Outcome> {
  const { api, apiPath, base, words, language, query, may } = visit;
  const { domains: text } = words;
  const cursor = query.get("cursor");
  const search = cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`;
  const listed = await api.get("Domains", `${apiPath}/domains${search}`);
  if (!listed.ok) return { refusal: listed.error };
  const { domains, next_cursor: next } = listed.value.body;
  return {
    title: text.title,
    status: problem === null ? 200 : 400,
    content: (
      <>
        <p class="lead">{text.lead}</p>
        <Done text={query.has("removed") && problem === null ? text.removed : null} />
        <Problem text={problem} words={words} />
        {domains.length === 0 ? (
          <Empty>
            <p>{text.empty}</p>
          </Empty>
        ) : (
          <Table
            heads={[text.name, text.state, text.added]}
            rows={domains.map((domain) => [
              <a href={`${base}/domains/${domain.id}`}>{domain.name}</a>,
              <State domain={domain} words={words} />,
              <When at={domain.created_at} language={language} otherwise="" dayOnly />,
            ])}
          />
        )}
        <Pager path={`${base}/domains`} cursor={next} query={query} words={words} />
        {may("EMM.Team.MANAGE") ? (
          <>
            <h2>{text.add}</h2>
            <form method="post">
              <Field
                label={text.name}
                name="name"
                value={name}
                help={text.nameHelp}
                required
                maxlength={253}
                inputmode="url"
              />
              <button type="submit">{text.add}</button>
            </form>
          </>
        ) : null}
      </>
    ),
  };
}

function State({ domain, words }: { readonly domain: ShownDomain; readonly words: Words }) {
  const isProven = domain.verified_at !== null;
  return (
    <span class={`tag ${isProven ? "good" : ""}`}>
      {isProven ? words.domains.proven : words.domains.waiting}
    </span>
  );
}

/** One domain: the record that proves it, and a look whether it is there. */
export const domainPage: TeamPage = {
  path: "/domains/:id",
  nav: "domains",
  show: (visit) => showDomain(visit, null),
  async act(visit) {
    const verified = await visit.api.post("Domain", `${domainPath(visit)}/verify`);
    if (verified.ok) return { redirect: `${visit.base}/domains/${verified.value.body.domain.id}?verified=1` };
    const isUnproven = verified.error.kind === "domain_not_proven";
    return showDomain(visit, isUnproven ? visit.words.domains.wait : problemText(visit, verified.error));
  },
};

function domainPath({ apiPath, params }: TeamVisit): string {
  return `${apiPath}/domains/${encodeURIComponent(params["id"] ?? "")}`;
}

async function showDomain(visit: TeamVisit, problem: string | null): Promise<Outcome> {
  const { api, words, base, language, query, may } = visit;
  const { domains: text } = words;
  const shown = await api.get("Domain", domainPath(visit));
  if (!shown.ok) return { refusal: shown.error };
  const { domain } = shown.value.body;
  const isProven = domain.verified_at !== null;
  return {
    title: domain.name,
    status: problem === null ? 200 : 409,
    content: (
      <>
        <Done text={query.has("verified") && isProven ? text.verified : null} />
        <Problem text={problem} words={words} />
        <dl>
          <dt>{text.state}</dt>
          <dd>
            <State domain={domain} words={words} />
          </dd>
          <dt>{text.added}</dt>
          <dd>
            <When at={domain.created_at} language={language} otherwise="" />
          </dd>
          {isProven ? (
            <>
              <dt>{text.provenAt}</dt>
              <dd>
                <When at={domain.verified_at} language={language} otherwise="" />
              </dd>
            </>
          ) : null}
        </dl>
        {isProven ? (
          <p>{text.provenText}</p>
        ) : (
          <>
            <h2>{text.howTitle}</h2>
            <div class="fields">
              <p>{text.how}</p>
              <Copyable label={text.recordName} value={domain.dns_record.name} words={words} />
              <Copyable label={text.recordValue} value={domain.dns_record.value} words={words} />
              <p class="help">{text.whole}</p>
            </div>
          </>
        )}
        <div class="buttons">
          {isProven || !may("EMM.Team.MANAGE") ? null : (
            <form method="post">
              <button type="submit">{text.verify}</button>
            </form>
          )}
          {may("EMM.Team.MANAGE") ? (
            <a class="button quiet" href={`${base}/domains/${domain.id}/remove`}>
              {text.remove}
            </a>
          ) : null}
          <a href={`${base}/domains`}>{text.title}</a>
        </div>
      </>
    ),
  };
}

/** Asks before a domain is taken off the team. */
export const removeDomainPage: TeamPage = {
  path: "/domains/:id/remove",
  nav: "domains",
  needs: "EMM.Team.MANAGE",
  show: (visit) => confirm(visit, null),
  async act(visit) {
    const removed = await visit.api.delete("Domain", domainPath(visit));
    return removed.ok
      ? { redirect: `${visit.base}/domains?removed=1` }
      : confirm(visit, problemText(visit, removed.error));
  },
};

async function confirm(visit: TeamVisit, problem: string | null): Promise<Outcome> {
  const { api, words, base } = visit;
  const { domains: text } = words;
  const shown = await api.get("Domain", domainPath(visit));
  if (!shown.ok) return { refusal: shown.error };
  const { domain } = shown.value.body;
  return {
    title: fill(text.removeTitle, { name: domain.name }),
    status: problem === null ? 200 : 409,
    content: (
      <Confirm problem={problem} yes={text.removeYes} back={`${base}/domains/${domain.id}`} words={words}>
        <p>{text.removeText}</p>
      </Confirm>
    ),
  };
}
