import { err, ok, type Result } from "../../../domain/result.ts";
import type { Refusal } from "../../../domain/refusal.ts";
import { flagTokens } from "../../../operations/flag-tokens.ts";
import type { AnswerBody } from "../console-api.ts";
import { Done, Dotted, Empty, Pager, Table, When } from "../parts.tsx";
import { problemText } from "../problem-text.ts";
import type { TeamPage, TeamVisit } from "../visit.ts";
import { fill, fillCount } from "../words/fill.ts";

type Token = AnswerBody<"AccessToken">["access_token"];

/** Developers > Access tokens (contract, section 11). */
export const tokensPage: TeamPage = {
  path: "/access-tokens",
  nav: "tokens",
  async show(visit) {
    const { api, apiPath, base, words, query, may } = visit;
    const cursor = query.get("cursor");
    const search = cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    const listed = await api.get("AccessTokens", `${apiPath}/access-tokens${search}`);
    if (!listed.ok) return { refusal: listed.error };
    const { access_tokens: tokens, next_cursor: next } = listed.value.body;
    const revoked = tokens.find(({ id }) => id === query.get("revoked"));
    return {
      title: words.tokens.title,
      content: (
        <>
          <p class="lead">{words.tokens.lead}</p>
          <Done
            text={revoked === undefined ? null : fill(words.tokens.revokedDone, { name: revoked.name })}
          />
          {may("EMM.AccessTokens.CREATE") ? (
            <p>
              <a class="button" href={`${base}/access-tokens/new`}>
                {words.tokens.add}
              </a>
            </p>
          ) : null}
          {tokens.length === 0 ? (
            <Empty>
              <p>{words.tokens.empty}</p>
            </Empty>
          ) : (
            <TokenTable tokens={tokens} flags={await flagsOf(visit, tokens)} visit={visit} />
          )}
          <Pager path={`${base}/access-tokens`} cursor={next} query={query} words={words} />
        </>
      ),
    };
  },
};

type Flags = Awaited<ReturnType<typeof flagTokens>>;

/** Of those that still work: what is over needs no look. */
function flagsOf({ deps, team, moment }: TeamVisit, tokens: readonly Token[]): Promise<Flags> {
  const live = tokens.filter((token) => stateOf(token, moment.arrivedAt) === "live");
  const made = live.map(({ id, created_by: createdBy, permissions }) => ({ id, createdBy, permissions }));
  return flagTokens(deps, team.id, made);
}

function TokenTable({
  tokens,
  flags,
  visit,
}: {
  readonly tokens: readonly Token[];
  readonly flags: Flags;
  readonly visit: TeamVisit;
}) {
  const { words, language, base, moment, may } = visit;
  const { tokens: text } = words;
  const mayRevoke = may("EMM.AccessTokens.DELETE");
  const heads = [text.name, text.permissionsHead, text.lastUsed, text.expires, text.state];
  return (
    <Table
      heads={mayRevoke ? [...heads, text.revoke] : heads}
      rows={tokens.map((token) => {
        const state = stateOf(token, moment.arrivedAt);
        return [
          <>
            <a href={`${base}/access-tokens/${token.id}`}>{token.name}</a>
            {token.profile_id === null ? null : <span class="help">{token.profile_id}</span>}
          </>,
          <details>
            <summary>{fillCount(text.permissions, token.permissions.length, language)}</summary>
            <ul>
              {token.permissions.map((permission) => (
                <li>
                  <Dotted name={permission} />
                </li>
              ))}
            </ul>
          </details>,
          <When at={token.last_used_at} language={language} otherwise={words.frame.never} />,
          <When at={token.expires_at} language={language} otherwise={words.frame.never} />,
          <>
            <span class={`tag ${state === "live" ? "good" : "bad"}`}>{text[state]}</span>
            {flags.get(token.id)?.map((reason) => (
              <span class="flag">{words.reports.why[reason]}</span>
            ))}
          </>,
          ...(mayRevoke
            ? [
                state === "revoked" ? null : (
                  <a
                    href={`${base}/access-tokens/${token.id}/revoke`}
                    aria-label={fill(text.revokeOf, { name: token.name })}
                  >
                    {text.revoke}
                  </a>
                ),
              ]
            : []),
        ];
      })}
    />
  );
}

export function stateOf({ revoked_at: revokedAt, expires_at: expiresAt }: Token, now: number) {
  if (revokedAt !== null) return "revoked" as const;
  return expiresAt !== null && Date.parse(expiresAt) <= now ? ("expired" as const) : ("live" as const);
}

/** Asks before it revokes, since nothing brings a token back. */
export const revokeTokenPage: TeamPage = {
  path: "/access-tokens/:id/revoke",
  nav: "tokens",
  needs: "EMM.AccessTokens.DELETE",
  async show(visit) {
    const found = await findToken(visit);
    return found.ok ? confirm(visit, found.value, null) : { refusal: found.error };
  },
  async act(visit) {
    const { api, apiPath, base, params } = visit;
    const id = params["id"] ?? "";
    const revoked = await api.post(
      "RevokedAccessToken",
      `${apiPath}/access-tokens/${encodeURIComponent(id)}/revoke`,
    );
    if (revoked.ok) return { redirect: `${base}/access-tokens?revoked=${encodeURIComponent(id)}` };
    const found = await findToken(visit);
    return found.ok
      ? confirm(visit, found.value, problemText(visit, revoked.error))
      : { refusal: found.error };
  },
};

async function findToken({ api, apiPath, params }: TeamVisit): Promise<Result<Token, Refusal>> {
  const id = encodeURIComponent(params["id"] ?? "");
  const shown = await api.get("AccessToken", `${apiPath}/access-tokens/${id}`);
  return shown.ok ? ok(shown.value.body.access_token) : err(shown.error);
}

function confirm({ words, base }: TeamVisit, { name }: Token, problem: string | null) {
  const { tokens: text } = words;
  return {
    title: fill(text.revokeTitle, { name }),
    content: (
      <>
        {problem === null ? null : (
          <div class="note alarm" role="alert">
            <p>{problem}</p>
          </div>
        )}
        <p>{text.revokeText}</p>
        <form method="post">
          <div class="buttons">
            <button type="submit" class="danger">
              {text.revokeYes}
            </button>
            <a class="button quiet" href={`${base}/access-tokens`}>
              {words.frame.cancel}
            </a>
          </div>
        </form>
      </>
    ),
  };
}
