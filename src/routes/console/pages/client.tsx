import { CLIENT_TYPE_RULES } from "../../../domain/client.ts";
import { isRegionCode } from "../../../domain/region.ts";
import { isWebPage } from "../../../domain/redirect-uri.ts";
import type { ShownClient } from "../client-form.tsx";
import { regionName } from "../format.ts";
import { Copyable, Done, When } from "../parts.tsx";
import { Summary } from "../permission-tree.tsx";
import { readCatalogues } from "../read-catalogues.ts";
import { Permissions } from "../report-contents.tsx";
import type { TeamPage, TeamVisit } from "../visit.ts";
import { fill, fillCount } from "../words/fill.ts";
import { findClient, type FoundClient } from "./clients.tsx";

/** One client as it is registered, and what can be done with it. */
export const clientPage: TeamPage = {
  path: "/clients/:id",
  nav: "clients",
  async show(visit) {
    const { words, query, base, may } = visit;
    const { clients: text } = words;
    const found = await findClient(visit);
    if (!found.ok) return { refusal: found.error };
    const catalogues = await readCatalogues(visit);
    if (!catalogues.ok) return { refusal: catalogues.error };
    const { client } = found.value;
    const { id, name, permissions } = client;
    return {
      title: name,
      content: (
        <>
          <Done
            text={
              query.has("created")
                ? fill(text.created, { name })
                : query.has("saved")
                  ? fill(text.saved, { name })
                  : null
            }
          />
          <div class="fields">
            <Copyable label={text.id} value={id} words={words} />
          </div>
          <Facts client={client} visit={visit} />
          <Actions found={found.value} visit={visit} />
          <Summary catalogues={catalogues.value} chosen={new Set(permissions)} words={words} texts={text} />
          <Permissions summary={words.token.exactly} permissions={permissions} />
          <p class="buttons">
            <a href={`${base}/clients`}>{text.title}</a>
            {may("EMM.Reports.VIEW") ? (
              <a href={`${base}/audit?subject=${encodeURIComponent(id)}`}>{text.events}</a>
            ) : null}
          </p>
        </>
      ),
    };
  },
};

function Actions({ found, visit }: { readonly found: FoundClient; readonly visit: TeamVisit }) {
  const { words, base, may } = visit;
  const { clients: text } = words;
  const { client, isReached } = found;
  const path = `${base}/clients/${client.id}`;
  const mayChange = may("EMM.AccessTokens.CREATE");
  const keepsSecret = CLIENT_TYPE_RULES[client.type].confidential && client.jwks === null;
  return (
    <>
      {mayChange && !isReached ? <p class="note">{text.beyond}</p> : null}
      <p class="buttons">
        {mayChange && client.type === "self" ? (
          <a class="button" href={`${path}/code`}>
            {text.toCode}
          </a>
        ) : null}
        {mayChange && isReached ? (
          <a class="button quiet" href={`${path}/edit`}>
            {text.edit}
          </a>
        ) : null}
        {mayChange && isReached && keepsSecret ? (
          <a class="button quiet" href={`${path}/secret`}>
            {text.rotate}
          </a>
        ) : null}
        {may("EMM.AccessTokens.DELETE") ? (
          <a class="button quiet" href={`${path}/delete`}>
            {text.remove}
          </a>
        ) : null}
      </p>
    </>
  );
}

function Facts({ client, visit }: { readonly client: ShownClient; readonly visit: TeamVisit }) {
  const { words, language } = visit;
  const { clients: text } = words;
  const { homepage_url: homepage, jwks, not_after: until, allowed_ips: addresses } = client;
  const at = (time: string) => <When at={time} language={language} otherwise="" />;
  const facts = [
    [
      text.type,
      <>
        {text.types[client.type]}
        <span class="help">{text.explained[client.type]}</span>
      </>,
    ],
    [
      text.homepage,
      homepage === null || !isWebPage(homepage) ? null : (
        <a href={homepage} rel="noopener noreferrer" target="_blank">
          {homepage}
        </a>
      ),
    ],
    [text.redirects, codes(client.redirect_uris)],
    [text.origins, codes(client.js_origins)],
    [text.keysLabel, jwks === null ? null : fillCount(text.keysNow, jwks.keys.length, language)],
    [text.until, until === null ? null : at(until)],
    [text.addresses, addresses === null ? null : addresses.join(", ")],
    [
      text.regions,
      client.regions.length === 0
        ? null
        : client.regions.map((code) => (isRegionCode(code) ? regionName(code, language) : code)).join(", "),
    ],
    [text.made, at(client.created_at)],
    [text.changed, client.updated_at === client.created_at ? null : at(client.updated_at)],
  ] as const;
  return (
    <dl>
      {facts.map(([label, value]) =>
        value === null ? null : (
          <>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </>
        ),
      )}
    </dl>
  );
}

function codes(values: readonly string[]) {
  return values.length === 0
    ? null
    : values.map((value) => (
        <div>
          <code>{value}</code>
        </div>
      ));
}
