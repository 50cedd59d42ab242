import type { Refusal } from "../../../domain/refusal.ts";
import { Field, Once, Problem, Select, TextArea } from "../parts.tsx";
import { PermissionTree, readTree, Summary, withLower, type ShownCatalogue } from "../permission-tree.tsx";
import { problemText } from "../problem-text.ts";
import { readCatalogues } from "../read-catalogues.ts";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import { fillCount } from "../words/fill.ts";

const DAY_SECONDS = 86_400;
const EXPIRY_DAYS = [7, 30, 90, 365] as const;

/** What a person has typed, to be shown again when something was wrong with it. */
interface Draft {
  readonly name: string;
  readonly profileId: string;
  readonly sets: readonly string[];
  readonly chosen: ReadonlySet<string>;
  /** Empty: until revoked. */
  readonly days: string;
  readonly addresses: string;
  readonly limit: string;
  readonly limitSeconds: string;
}

const BLANK: Draft = {
  name: "",
  profileId: "",
  sets: [],
  chosen: new Set(),
  days: "90",
  addresses: "",
  limit: "",
  limitSeconds: "60",
};

/** The *Access token* form, and then the token, once (contract, section 11). */
export const addTokenPage: TeamPage = {
  path: "/access-tokens/new",
  nav: "tokens",
  needs: "EMM.AccessTokens.CREATE",
  async show(visit) {
    const catalogues = await readCatalogues(visit);
    return catalogues.ok ? formPage(visit, catalogues.value, BLANK, null) : { refusal: catalogues.error };
  },
  async act(visit, form) {
    const catalogues = await readCatalogues(visit);
    if (!catalogues.ok) return { refusal: catalogues.error };
    const draft = readDraft(form, catalogues.value);
    if (form.get("do") !== "create") return formPage(visit, catalogues.value, draft, null);
    const made = await visit.api.post(
      "CreatedAccessToken",
      `${visit.apiPath}/access-tokens`,
      requestOf(draft),
    );
    if (!made.ok) {
      return formPage(visit, catalogues.value, draft, tokenProblem(visit, made.error));
    }
    const { token, access_token: row } = made.value.body;
    const { words, base } = visit;
    return {
      title: words.tokens.createdTitle,
      content: (
        <>
          <p>{row.name}</p>
          <Once label={words.tokens.tokenLabel} value={token ?? ""} words={words} />
          <a class="button quiet" href={`${base}/access-tokens`}>
            {words.frame.back}
          </a>
        </>
      ),
    };
  },
};

/** What the API says against it, by the names of the fields; `allowed_ips[1]` is the second address. */
function tokenProblem(visit: TeamVisit, refusal: Refusal): string {
  const { tokens: text } = visit.words;
  const names: Readonly<Record<string, string>> = {
    name: text.name,
    profile_id: text.profile,
    permission_sets: text.sets,
    permissions: text.permissionsHead,
    expires_in: text.expiry,
    allowed_ips: text.addresses,
    rate_limit: text.limit,
    "rate_limit.limit": text.limitCalls,
    "rate_limit.window_seconds": text.limitSeconds,
  };
  const member = "member" in refusal ? refusal.member : "";
  const [, list = "", place] = /^(\w+)\[(\d+)\]$/.exec(member) ?? [];
  const name = names[member] ?? names[list] ?? member;
  const label = list === "allowed_ips" ? `${name} (${Number(place) + 1})` : name;
  return problemText(visit, refusal, { [member]: label });
}

/** A form that another page filled in may have an expiry of its own. */
function expiryDaysWith(chosen: string): readonly number[] {
  const days = Number(chosen);
  const isOther = Number.isSafeInteger(days) && days > 0;
  return isOther ? [...new Set([...EXPIRY_DAYS, days])].sort((one, other) => one - other) : EXPIRY_DAYS;
}

function readDraft(form: URLSearchParams, catalogues: readonly ShownCatalogue[]): Draft {
  const sets = form.getAll("set");
  const filledIn = form.get("do") === "prefill" ? permissionsOfSets(catalogues, sets) : [];
  return {
    name: form.get("name") ?? "",
    profileId: form.get("profile_id") ?? "",
    sets,
    chosen: withLower(catalogues, [...readTree(form), ...filledIn]),
    days: form.get("days") ?? "",
    addresses: form.get("addresses") ?? "",
    limit: form.get("limit") ?? "",
    limitSeconds: form.get("limit_seconds") ?? "",
  };
}

function permissionsOfSets(catalogues: readonly ShownCatalogue[], names: readonly string[]): string[] {
  const sets = catalogues.flatMap(({ permission_sets: all }) => all);
  return sets.filter(({ name }) => names.includes(name)).flatMap(({ permissions }) => permissions);
}

/** The API's own request; what it says against it is shown to the person. */
function requestOf({ name, profileId, sets, chosen, days, addresses, limit, limitSeconds }: Draft) {
  const allowed = addresses.split(/[\s,]+/).filter((text) => text !== "");
  return {
    name,
    ...(profileId === "" ? {} : { profile_id: profileId }),
    permissions: [...chosen],
    ...(chosen.size === 0 && sets.length > 0 ? { permission_sets: sets } : {}),
    ...(days === "" ? {} : { expires_in: Number(days) * DAY_SECONDS }),
    ...(allowed.length === 0 ? {} : { allowed_ips: allowed }),
    ...(limit === "" ? {} : { rate_limit: { limit: Number(limit), window_seconds: Number(limitSeconds) } }),
  };
}

function formPage(
  { words, language }: TeamVisit,
  catalogues: readonly ShownCatalogue[],
  draft: Draft,
  problem: string | null,
): Outcome {
  const { tokens: text } = words;
  const sets = catalogues.flatMap(({ permission_sets: all }) => all);
  return {
    title: text.formTitle,
    status: problem === null ? 200 : 400,
    content: (
      <>
        <div class="note">
          <strong>{text.warningTitle}</strong>
          <p>{text.warning}</p>
        </div>
        <Problem text={problem} words={words} />
        <form method="post" class="wide-form" data-tree>
          <div class="pair">
            <Field label={text.name} name="name" value={draft.name} required maxlength={100} />
            <Field label={text.profile} name="profile_id" value={draft.profileId} help={text.profileHelp} />
          </div>
          <fieldset>
            <legend>{text.sets}</legend>
            <p class="help">{text.setsHelp}</p>
            {sets.map(({ name, description }) => (
              <label class="box">
                <input type="checkbox" name="set" value={name} checked={draft.sets.includes(name)} />
                <span>
                  <code>{name}</code>
                  <span class="help">{description}</span>
                </span>
              </label>
            ))}
            <button type="submit" name="do" value="prefill" class="quiet" formnovalidate>
              {text.prefill}
            </button>
          </fieldset>
          <PermissionTree catalogues={catalogues} chosen={draft.chosen} words={words} />
          <div class="pair">
            <Select
              label={text.expiry}
              name="days"
              value={draft.days}
              options={[
                ...expiryDaysWith(draft.days).map(
                  (days) => [String(days), fillCount(text.expiryDays, days, language)] as const,
                ),
                ["", text.expiryNever],
              ]}
            />
            <TextArea
              label={text.addresses}
              name="addresses"
              value={draft.addresses}
              help={text.addressesHelp}
              rows={2}
            />
          </div>
          <fieldset>
            <legend>{text.limit}</legend>
            <div class="pair">
              <Field
                label={text.limitCalls}
                name="limit"
                value={draft.limit}
                inputmode="numeric"
                help={text.limitHelp}
              />
              <Field
                label={text.limitSeconds}
                name="limit_seconds"
                value={draft.limitSeconds}
                inputmode="numeric"
              />
            </div>
          </fieldset>
          <Summary catalogues={catalogues} chosen={draft.chosen} words={words} />
          <div class="buttons">
            <button type="submit" name="do" value="create">
              {text.create}
            </button>
            <button type="submit" name="do" value="summary" class="quiet" formnovalidate>
              {text.summaryUpdate}
            </button>
          </div>
        </form>
      </>
    ),
  };
}
