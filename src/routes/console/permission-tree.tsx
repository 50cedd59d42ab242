import type { AnswerBody } from "./console-api.ts";
import type { Words } from "./words/index.ts";
import { fill } from "./words/fill.ts";

export type ShownCatalogue = AnswerBody<"Catalogue">["catalogue"];
type ShownResource = ShownCatalogue["resources"][number];
type ShownOperation = ShownResource["operations"][number];

export interface TreeProps {
  readonly catalogues: readonly ShownCatalogue[];
  /** Expanded or as written: what is chosen. */
  readonly chosen: ReadonlySet<string>;
  readonly words: Words;
  /** Shown at once; left out: where something is chosen already. */
  readonly open?: boolean;
  /** What it is called; *Advanced options* when left out. */
  readonly label?: string;
}

/** The field in which a graded section is chosen, by the section's path. */
const GRADE_FIELD = "grade:";

/**
 * Every right of every service: a graded section as one choice, single rights as boxes. A role's permissions
 * are chosen by the same tree as a token's.
 */
export function PermissionTree({
  catalogues,
  chosen,
  words,
  open = chosen.size > 0,
  label = words.tokens.advanced,
}: TreeProps) {
  return (
    <details open={open || catalogues.length === 1}>
      <summary>{label}</summary>
      <p class="help">{words.tokens.advancedHelp}</p>
      {catalogues.map((catalogue) => (
        <fieldset>
          <legend>{catalogue.service}</legend>
          <p class="help">{catalogue.description}</p>
          {catalogue.resources.map((resource) =>
            resource.graded ? (
              <Grades service={catalogue.service} resource={resource} chosen={chosen} words={words} />
            ) : (
              <Rights service={catalogue.service} resource={resource} chosen={chosen} words={words} />
            ),
          )}
        </fieldset>
      ))}
    </details>
  );
}

interface ResourceProps {
  readonly service: string;
  readonly resource: ShownResource;
  readonly chosen: ReadonlySet<string>;
  readonly words: Words;
}

function Grades({ service, resource, chosen, words }: ResourceProps) {
  const path = `${service}.${resource.name}`;
  const grades = resource.operations.map((operation) => ({ operation, text: `${path}.${operation.name}` }));
  const highest = grades.findLast(({ text }) => chosen.has(text))?.text ?? "";
  const needs = new Set(grades.flatMap(({ operation }) => operation.requires));
  const help = `${path}-help`;
  return (
    <div class="labelled" data-needs={needs.size === 0 ? undefined : [...needs].join(" ")}>
      <label>
        {resource.name}
        <select name={`${GRADE_FIELD}${path}`} aria-describedby={help} data-grades>
          <option value="">{words.tokens.noAccess}</option>
          {grades.map(({ operation, text }) => (
            <option value={text} selected={text === highest} data-says={operation.description}>
              {operation.description}
            </option>
          ))}
        </select>
      </label>
      <span class="help" id={help}>
        {resource.description}
        <Needs needs={needs} words={words} />
      </span>
    </div>
  );
}

function Rights({ service, resource, chosen, words }: ResourceProps) {
  return (
    <fieldset>
      <legend>{resource.name}</legend>
      <p class="help">{resource.description}</p>
      {resource.operations.map((operation) => (
        <Right
          permission={`${service}.${resource.name}.${operation.name}`}
          operation={operation}
          chosen={chosen}
          words={words}
        />
      ))}
    </fieldset>
  );
}

function Right({
  permission,
  operation,
  chosen,
  words,
}: {
  readonly permission: string;
  readonly operation: ShownOperation;
  readonly chosen: ReadonlySet<string>;
  readonly words: Words;
}) {
  const { requires, description, strict } = operation;
  return (
    <label
      class="box"
      data-needs={requires.length === 0 ? undefined : requires.join(" ")}
      data-says={description}
    >
      <input type="checkbox" name="permission" value={permission} checked={chosen.has(permission)} />
      <span>
        {description} {strict ? <span class="tag strict">{words.frame.strict}</span> : null}
        <Needs needs={new Set(requires)} words={words} />
      </span>
    </label>
  );
}

function Needs({ needs, words }: { readonly needs: ReadonlySet<string>; readonly words: Words }) {
  return needs.size === 0 ? null : (
    <span class="help">{fill(words.tokens.needs, { what: [...needs].join(", ") })}</span>
  );
}

/** The permissions that a tree's form names; grades bring the ones below them when the API expands them. */
export function readTree(form: URLSearchParams): string[] {
  const grades = [...form]
    .filter(([name, value]) => name.startsWith(GRADE_FIELD) && value !== "")
    .map(([, value]) => value);
  return [...new Set([...grades, ...form.getAll("permission")])];
}

/** What is chosen with all that comes with it, for the tree to show. */
export function withLower(catalogues: readonly ShownCatalogue[], written: readonly string[]): Set<string> {
  const chosen = new Set<string>();
  for (const catalogue of catalogues) {
    for (const { name, graded, operations } of catalogue.resources) {
      const path = `${catalogue.service}.${name}`;
      const all = operations.map((operation) => `${path}.${operation.name}`);
      if (written.includes(`${path}.ALL`)) for (const text of all) chosen.add(text);
      const highest = graded ? all.findLastIndex((text) => written.includes(text)) : -1;
      for (const [index, text] of all.entries()) {
        if (written.includes(text) || index <= highest) chosen.add(text);
      }
    }
  }
  return chosen;
}

/** What the choice comes to, in words; `texts` where it is not a token's. */
export function Summary({
  catalogues,
  chosen,
  words,
  texts = words.tokens,
}: TreeProps & { readonly texts?: Pick<Words["tokens"], "can" | "cannot"> }) {
  const all = catalogues.flatMap(({ service, resources }) =>
    resources.flatMap(({ name, operations }) =>
      operations.map((operation) => ({ permission: `${service}.${name}.${operation.name}`, operation })),
    ),
  );
  const can = all.filter(({ permission }) => chosen.has(permission));
  const cannot = all.filter(({ permission }) => !chosen.has(permission));
  return (
    <section aria-live="polite">
      <h2>{words.tokens.summary}</h2>
      <div class="columns">
        <div>
          <h3>{texts.can}</h3>
          <ul data-summary="can" data-nothing={words.tokens.canNothing}>
            {can.length === 0 ? (
              <li class="muted">{words.tokens.canNothing}</li>
            ) : (
              can.map(({ operation }) => <li>{operation.description}</li>)
            )}
          </ul>
        </div>
        <details>
          <summary>{texts.cannot}</summary>
          <ul data-summary="cannot">
            {cannot.map(({ operation }) => (
              <li>{operation.description}</li>
            ))}
          </ul>
        </details>
      </div>
    </section>
  );
}
