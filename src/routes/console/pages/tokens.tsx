import { err, ok, type Result } from "../../../domain/result.ts";
import type { Refusal } from "../../../domain/refusal.ts";
import type { AnswerBody } from "../console-api.ts";
import { Done, Empty, formatNumber, Pager, Table, When } from "../parts.tsx";
import { problemText } from "../problem-text.ts";
import type { TeamPage, TeamVisit } from "../visit.ts";

type Token = AnswerBody<"AccessToken">["access_token"];

/** Developers > Access tokens (contract, section 11). */
export const tokensPage: TeamPage = {
  path: "/access-tokens",
  nav: "tokens",
  async show(visit) {
    const { api, apiPath, base, words, query } = visit;
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
          <Done text={revoked === undefined ? null : words.tokens.revokedDone(revoked.name)} />
          <p>
            <a class="button" href={`${base}/access-tokens/new`}>
              {words.tokens.add}
            </a>
          </p>
          {tokens.length === 0 ? (
            <Empty>
              <p>{words.tokens.empty}</p>
            </Empty>
          ) : (
            <TokenTable tokens={tokens} visit={visit} />
          )}
          <Pager path={`${base}/access-tokens`} cursor={next} query={query} words={words} />
        </>
      ),
    };
  },
};

function TokenTable({ tokens, visit }: { readonly tokens: readonly Token[]; readonly visit: TeamVisit }) {
  const { words, language, base, moment } = visit;
  const { tokens: text } = words;
  return (
    <Table
      heads={[text.name, text.permissionsHead, text.lastUsed, text.expires, text.state, text.revoke]}
      rows={tokens.map((token) => {
        const state = stateOf(token, moment.arrivedAt);
        return [
          <>
            <a href={`${base}/access-tokens/${token.id}`}>{token.name}</a>
            {token.profile_id === null ? null : <span class="help">{token.profile_id}</span>}
          </>,
          <details>
            <summary>{text.permissions(formatNumber(token.permissions.length, language))}</summary>
            <ul>
              {token.permissions.map((permission) => (
                <li>
                  <code>{permission}</code>
                </li>
              ))}
            </ul>
          </details>,
          <When at={token.last_used_at} language={language} otherwise={words.frame.never} />,
          <When at={token.expires_at} language={language} otherwise={words.frame.never} />,
          <span class={`tag ${state === "live" ? "good" : "bad"}`}>{text[state]}</span>,
          state === "revoked" ? null : (
            <a href={`${base}/access-tokens/${token.id}/revoke`} aria-label={text.revokeTitle(token.name)}>
              {text.revoke}
            </a>
          ),
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
    title: text.revokeTitle(name),
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
