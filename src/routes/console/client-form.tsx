import { CLIENT_TYPE_RULES, type ClientType } from "../../domain/client.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { REGION_CODES } from "../../domain/region.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import type { AnswerBody } from "./console-api.ts";
import { regionName } from "./format.ts";
import { CheckBox, Field, TextArea } from "./parts.tsx";
import { PermissionTree, readTree, Summary, withLower, type ShownCatalogue } from "./permission-tree.tsx";
import { problemText } from "./problem-text.ts";
import type { Visit } from "./visit.ts";

export type ShownClient = AnswerBody<"Client">["client"];

/** What was typed, as it was typed. */
export interface ClientDraft {
  readonly name: string;
  readonly homepage: string;
  /** One on each line. */
  readonly redirects: string;
  readonly origins: string;
  /** JSON; empty: it has a secret. */
  readonly keys: string;
  /** Codes of other regions in which it is enabled. */
  readonly regions: ReadonlySet<string>;
  /** Settled when it is registered. */
  readonly sameSecret: boolean;
  readonly chosen: ReadonlySet<string>;
}

export const BLANK_CLIENT: ClientDraft = {
  name: "",
  homepage: "",
  redirects: "",
  origins: "",
  keys: "",
  regions: new Set(),
  sameSecret: false,
  chosen: new Set(),
};

export function draftOf(client: ShownClient): ClientDraft {
  return {
    name: client.name,
    homepage: client.homepage_url ?? "",
    redirects: client.redirect_uris.join("\n"),
    origins: client.js_origins.join("\n"),
    keys: client.jwks === null ? "" : JSON.stringify(client.jwks, null, 2),
    regions: new Set(client.regions),
    sameSecret: client.same_secret_everywhere,
    chosen: new Set(client.permissions),
  };
}

export function readClientDraft(form: URLSearchParams, catalogues: readonly ShownCatalogue[]): ClientDraft {
  // A browser sends line ends as CRLF.
  const text = (name: string): string => form.get(name)?.replaceAll("\r\n", "\n").trim() ?? "";
  return {
    name: form.get("name") ?? "",
    homepage: text("homepage"),
    redirects: text("redirects"),
    origins: text("origins"),
    keys: text("keys"),
    regions: new Set(form.getAll("region")),
    sameSecret: form.has("same_secret"),
    chosen: withLower(catalogues, readTree(form)),
  };
}

/**
 * The members that the API knows of this type, and no others (contract, section 6); what is empty is given up where
 * there was something before.
 * @returns `keys` as what is no JSON
 */
export function membersOf(
  type: ClientType,
  draft: ClientDraft,
  before: ShownClient | null = null,
): Result<object, "keys"> {
  const rules = CLIENT_TYPE_RULES[type];
  const { name, homepage, redirects, origins, keys, regions, sameSecret, chosen } = draft;
  const jwks = keys === "" ? null : parseJson(keys);
  if (jwks === undefined) return err("keys");
  const gaveUp = (was: unknown): boolean => was !== null && was !== undefined;
  return ok({
    name,
    permissions: [...chosen],
    ...(rules.homepage && (homepage !== "" || gaveUp(before?.homepage_url))
      ? { homepage_url: homepage === "" ? null : homepage }
      : {}),
    ...(rules.redirects === null ? {} : { redirect_uris: linesOf(redirects) }),
    ...(rules.origins ? { js_origins: linesOf(origins) } : {}),
    ...(rules.confidential && (jwks !== null || gaveUp(before?.jwks)) ? { jwks } : {}),
    // A self client acts for its own team, which is at home.
    ...(type === "self" ? {} : { regions: [...regions] }),
    ...(before === null && rules.confidential && sameSecret ? { same_secret_everywhere: true } : {}),
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function linesOf(text: string): string[] {
  return text.split(/\s+/).filter((line) => line !== "");
}

/** What the API says against it, by the names of the fields; `redirect_uris[1]` is the second line of one. */
export function clientProblem(visit: Pick<Visit, "words" | "language" | "deps">, refusal: Refusal): string {
  const { clients: text } = visit.words;
  const names: Readonly<Record<string, string>> = {
    name: text.name,
    homepage_url: text.homepage,
    redirect_uris: text.redirects,
    js_origins: text.origins,
    permissions: text.rights,
    jwks: text.keysLabel,
    regions: text.regions,
    same_secret_everywhere: text.sameSecret,
    scope: text.scope,
    description: text.description,
  };
  const member = "member" in refusal ? refusal.member : "";
  const [, base = "", place] = /^(\w+)(?:.*\[(\d+)\])?/.exec(member) ?? [];
  const name = names[base] ?? member;
  const label = place === undefined || base === "permissions" ? name : `${name} (${Number(place) + 1})`;
  return problemText(visit, refusal, { [member]: label });
}

/** The fields of a type, and what it can be granted at most. */
export function ClientFields({
  type,
  draft,
  catalogues,
  visit: { words, language, deps },
  isNew,
}: {
  readonly type: ClientType;
  readonly draft: ClientDraft;
  readonly catalogues: readonly ShownCatalogue[];
  readonly visit: Pick<Visit, "words" | "language" | "deps">;
  readonly isNew: boolean;
}) {
  const { clients: text } = words;
  const { homepage, redirects, origins, confidential } = CLIENT_TYPE_RULES[type];
  return (
    <>
      <div class="pair">
        <Field
          label={text.name}
          name="name"
          value={draft.name}
          help={text.nameHelp}
          required
          maxlength={100}
        />
        {homepage ? (
          <Field
            label={text.homepage}
            name="homepage"
            type="url"
            value={draft.homepage}
            help={text.homepageHelp}
            maxlength={500}
          />
        ) : null}
      </div>
      {redirects === null ? null : (
        <TextArea
          label={text.redirects}
          name="redirects"
          value={draft.redirects}
          help={text.redirectsHelp[redirects]}
          required
        />
      )}
      {origins ? (
        <TextArea
          label={text.origins}
          name="origins"
          value={draft.origins}
          help={text.originsHelp}
          rows={2}
        />
      ) : null}
      {confidential ? (
        <details open={draft.keys !== ""}>
          <summary>{text.keys}</summary>
          <p class="help">{text.keysHelp}</p>
          <TextArea label={text.keysLabel} name="keys" value={draft.keys} rows={6} />
        </details>
      ) : null}
      {type === "self" ? null : (
        <details open={draft.regions.size > 0}>
          <summary>{text.regions}</summary>
          <p class="help">{confidential ? text.regionsSecret : text.regionsHelp}</p>
          {REGION_CODES.map((code) =>
            code === deps.region ? null : (
              <CheckBox
                label={regionName(code, language)}
                name="region"
                value={code}
                checked={draft.regions.has(code)}
              />
            ),
          )}
          {isNew && confidential ? (
            <CheckBox
              label={text.sameSecret}
              name="same_secret"
              checked={draft.sameSecret}
              help={text.sameSecretHelp}
            />
          ) : null}
        </details>
      )}
      <h2>{text.rights}</h2>
      <p class="help">{text.rightsHelp}</p>
      <PermissionTree catalogues={catalogues} chosen={draft.chosen} words={words} open />
      <Summary catalogues={catalogues} chosen={draft.chosen} words={words} texts={text} />
    </>
  );
}
