import { nameIds } from "../../../operations/name-ids.ts";
import { showTokenUse, type TokenUse } from "../../../operations/show-token-use.ts";
import { AuditTable, namesFor } from "../audit-table.tsx";
import type { AnswerBody } from "../console-api.ts";
import { formatNumber } from "../format.ts";
import { When } from "../parts.tsx";
import { readCatalogues } from "../read-catalogues.ts";
import { Summary } from "../permission-tree.tsx";
import { Permissions } from "../report-contents.tsx";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import { UsageChart } from "../usage-chart.tsx";
import { stateOf } from "./tokens.tsx";
import { fillCount } from "../words/fill.ts";

type Token = AnswerBody<"AccessToken">["access_token"];

const SHOWN_EVENTS = 10;

/** One token: what it may, who made it, what it was used for, and what happened to it. */
export const tokenPage: TeamPage = {
  path: "/access-tokens/:id",
  nav: "tokens",
  async show(visit) {
    const { api, apiPath, params, deps, team } = visit;
    const id = params["id"] ?? "";
    // The API's answer is what lets the visitor see the rest: it takes the same permission.
    const shown = await api.get("AccessToken", `${apiPath}/access-tokens/${encodeURIComponent(id)}`);
    if (!shown.ok) return { refusal: shown.error };
    const use = await showTokenUse(deps, { teamId: team.id, id });
    if (use === null) return { refusal: { kind: "not_found", noun: "access_token" } };
    return tokenOf(visit, { token: shown.value.body.access_token, use });
  },
};

interface Seen {
  readonly token: Token;
  readonly use: TokenUse;
}

async function tokenOf(visit: TeamVisit, { token, use }: Seen): Promise<Outcome> {
  const { words, language, base, moment, may } = visit;
  const catalogues = await readCatalogues(visit);
  if (!catalogues.ok) return { refusal: catalogues.error };
  const { tokens: list } = words;
  const state = stateOf(token, moment.arrivedAt);
  return {
    title: token.name,
    content: (
      <>
        {state === "live" ? <Flag visit={visit} staleness={use.staleness} /> : null}
        {await facts(visit, { token, use })}
        {state !== "revoked" && may("EMM.AccessTokens.DELETE") ? (
          <p>
            <a class="button quiet" href={`${base}/access-tokens/${token.id}/revoke`}>
              {list.revoke}
            </a>
          </p>
        ) : null}
        <Summary catalogues={catalogues.value} chosen={new Set(token.permissions)} words={words} />
        <Permissions summary={words.token.exactly} permissions={token.permissions} />
        <h2>{list.usage}</h2>
        <UsageChart usage={use.usage} days={use.days} words={words} language={language} />
        {may("EMM.Reports.VIEW") ? await events(visit, token) : null}
        <p>
          <a href={`${base}/access-tokens`}>{list.title}</a>
        </p>
      </>
    ),
  };
}

function Flag({
  visit: { words },
  staleness: { reasons, exceedsMaker },
}: {
  readonly visit: TeamVisit;
  readonly staleness: TokenUse["staleness"];
}) {
  if (reasons.length === 0) return null;
  return (
    <div class="note strict">
      <strong>{words.token.look}</strong>
      <ul>
        {reasons.map((reason) => (
          <li>{words.reports.why[reason]}</li>
        ))}
      </ul>
      {exceedsMaker.length === 0 ? null : (
        <Permissions summary={words.reports.beyondMaker} permissions={exceedsMaker} />
      )}
    </div>
  );
}

async function facts(visit: TeamVisit, { token }: Seen) {
  const { words, language, moment, deps, team, base, may } = visit;
  const { tokens: list, token: text } = words;
  const { created_by: maker, allowed_ips: addresses, rate_limit: limit } = token;
  const state = stateOf(token, moment.arrivedAt);
  const name = (await nameIds(deps, team.id, [maker], may)).get(maker);
  return (
    <dl>
      <dt>{list.state}</dt>
      <dd>
        <span class={`tag ${state === "live" ? "good" : "bad"}`}>{list[state]}</span>{" "}
        {token.revoked_at === null ? null : (
          <When at={token.revoked_at} language={language} otherwise={words.frame.never} />
        )}
      </dd>
      {token.profile_id === null ? null : (
        <>
          <dt>{list.profile}</dt>
          <dd>{token.profile_id}</dd>
        </>
      )}
      <dt>{list.lastUsed}</dt>
      <dd>
        <When at={token.last_used_at} language={language} otherwise={words.frame.never} />
      </dd>
      <dt>{list.made}</dt>
      <dd>
        <When at={token.created_at} language={language} otherwise={words.frame.never} />
      </dd>
      <dt>{text.madeBy}</dt>
      <dd>
        {maker === "operator" ? text.operator : null}
        {maker.startsWith("tok_") ? (
          <a href={`${base}/access-tokens/${maker}`}>{name ?? maker}</a>
        ) : maker === "operator" ? null : (
          (name ?? <code>{maker}</code>)
        )}
      </dd>
      <dt>{list.expires}</dt>
      <dd>
        <When at={token.expires_at} language={language} otherwise={words.frame.never} />
      </dd>
      <dt>{list.addresses}</dt>
      <dd>{addresses === null ? text.anywhere : <code>{addresses.join(", ")}</code>}</dd>
      <dt>{list.limit}</dt>
      <dd>
        {limit === null
          ? text.unlimited
          : fillCount(text.limit, limit.limit, language, {
              seconds: formatNumber(limit.window_seconds, language),
            })}
      </dd>
      <dt>{words.information.id}</dt>
      <dd>
        <code>{token.id}</code>
      </dd>
    </dl>
  );
}

async function events(visit: TeamVisit, { id }: Token) {
  const { api, apiPath, base, words } = visit;
  const query = `subject=${encodeURIComponent(id)}&limit=${SHOWN_EVENTS}`;
  const listed = await api.get("AuditEvents", `${apiPath}/audit-events?${query}`);
  const found = listed.ok ? listed.value.body.audit_events : [];
  const { token: text } = words;
  return (
    <>
      <h2>{text.events}</h2>
      {found.length === 0 ? (
        <p class="muted">{text.noEvents}</p>
      ) : (
        <AuditTable visit={visit} events={found} names={await namesFor(visit, found)} caption={text.events} />
      )}
      <p class="buttons">
        <a href={`${base}/audit?subject=${encodeURIComponent(id)}`}>{text.allEvents}</a>
        <a href={`${base}/audit?actor=${encodeURIComponent(id)}`}>{text.itsActs}</a>
      </p>
    </>
  );
}
