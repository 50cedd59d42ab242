import type { Child } from "hono/jsx";
import { nameIds } from "../../operations/name-ids.ts";
import type { AnswerBody } from "./console-api.ts";
import { Table, When } from "./parts.tsx";
import { verdictInWords } from "./usage-chart.tsx";
import type { TeamVisit } from "./visit.ts";
import type { Words } from "./words/index.ts";
import { fill } from "./words/fill.ts";

export type AuditEvent = AnswerBody<"AuditEvents">["audit_events"][number];

type Names = ReadonlyMap<string, string>;

const OPERATOR = "operator";

/** Names for whoever acted and for what it was done to, as far as the reader may know them. */
export function namesFor({ deps, team, may }: TeamVisit, events: readonly AuditEvent[]): Promise<Names> {
  const ids = events.flatMap(({ actor, subject }) => [actor.id, actor.owner, subject]);
  return nameIds(deps, team.id, ids, may);
}

/** Audit events as a table: when, what, who, about what, from where, and the rest behind *Details*. */
export function AuditTable({
  visit,
  events,
  names,
  caption,
}: {
  readonly visit: TeamVisit;
  readonly events: readonly AuditEvent[];
  readonly names: Names;
  readonly caption: string;
}) {
  const { words, language } = visit;
  const { audit: text } = words;
  return (
    <Table
      heads={[text.when, text.type, text.who, text.onWhat, text.details]}
      rows={events.map((event) => [
        <When at={event.at} language={language} otherwise="" />,
        typeInWords(event.type, words),
        <Who event={event} names={names} visit={visit} />,
        <About subject={event.subject} names={names} visit={visit} />,
        <Details event={event} words={words} />,
      ])}
      caption={caption}
    />
  );
}

export function typeInWords(type: string, { audit }: Words): string {
  return (audit.types as Readonly<Record<string, string>>)[type] ?? type;
}

function Who({
  event: {
    actor: { id, owner },
    ip,
  },
  names,
  visit,
}: {
  readonly event: AuditEvent;
  readonly names: Names;
  readonly visit: TeamVisit;
}) {
  const { audit: text } = visit.words;
  const known = owner === OPERATOR ? text.operator : names.get(owner);
  const person =
    owner === visit.person.userId ? fill(text.you, { name: known ?? visit.person.email }) : known;
  // A token acts by itself, whosever it is; a session is its person.
  const isToken = id !== owner && !id.startsWith("ses_");
  const name = isToken ? names.get(id) : person;
  const acting = isToken ? id : owner;
  const owning = person ?? owner;
  return (
    <>
      <a
        href={`${visit.base}/audit?actor=${encodeURIComponent(acting)}`}
        title={fill(text.allBy, { name: name ?? acting })}
      >
        {name ?? <code>{acting}</code>}
      </a>
      {isToken && owning !== name ? <span class="help">{fill(text.ofOwner, { name: owning })}</span> : null}
      {ip === null ? null : <span class="help">{fill(text.fromWhere, { address: ip })}</span>}
    </>
  );
}

function About({
  subject,
  names,
  visit: { words, base, team },
}: {
  readonly subject: string;
  readonly names: Names;
  readonly visit: TeamVisit;
}) {
  const { audit: text } = words;
  if (subject === "api") return <>{text.api}</>;
  const name = subject === team.id ? team.name : names.get(subject);
  return (
    <a
      href={`${base}/audit?subject=${encodeURIComponent(subject)}`}
      title={fill(text.allAbout, { name: name ?? subject })}
    >
      {name ?? <code>{subject}</code>}
    </a>
  );
}

/** What stood before and after, and the link by which the event is verified. */
function Details({
  event: { id, detail, chain },
  words,
}: {
  readonly event: AuditEvent;
  readonly words: Words;
}) {
  const { audit: text } = words;
  const { before, after, ...more } = detail ?? {};
  return (
    <details>
      <summary>{text.details}</summary>
      <dl>
        {changesOf(flat(before), flat(after)).map((change) => (
          <>
            <dt>{change.name}</dt>
            <dd>
              <Changed change={change} words={words} />
            </dd>
          </>
        ))}
        {[...flat(more)].map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{name === "reason" ? verdictInWords(value.join(), words) : value.join(", ")}</dd>
          </>
        ))}
        <dt>{text.event}</dt>
        <dd>
          <code>{id}</code>
        </dd>
        <dt>{text.link}</dt>
        <dd>{chain === null ? text.notYet : linkText(chain)}</dd>
      </dl>
    </details>
  );
}

function linkText({ number, hash }: { readonly number: number; readonly hash: string }): Child {
  return (
    <code>
      {number}:{hash}
    </code>
  );
}

interface Change {
  readonly name: string;
  readonly removed: string;
  readonly added: string;
  /** Whether it was there before, and is now: what was made or deleted as a whole has no other side. */
  readonly isChanged: boolean;
}

function Changed({ change, words }: { readonly change: Change; readonly words: Words }) {
  const { removed, added, isChanged } = change;
  if (!isChanged) return <>{removed + added}</>;
  const { audit: text } = words;
  return (
    <>
      {removed === "" ? null : (
        <del>
          <span class="out-of-sight">{text.before}: </span>
          {removed}
        </del>
      )}{" "}
      {added === "" ? null : (
        <ins>
          <span class="out-of-sight">{text.after}: </span>
          {added}
        </ins>
      )}
    </>
  );
}

/** Values by their names, each as a list; what lies deeper is named by its way there. */
type Flat = ReadonlyMap<string, readonly string[]>;

/** Of lists only what went and what came: a role has dozens of permissions and loses one. */
function changesOf(before: Flat, after: Flat): Change[] {
  const isChanged = before.size > 0 && after.size > 0;
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const [was, is] = [before.get(name) ?? [], after.get(name) ?? []];
    const removed = was.filter((item) => !is.includes(item)).join(", ");
    const added = is.filter((item) => !was.includes(item)).join(", ");
    return removed === added ? [] : [{ name, removed, added, isChanged }];
  });
}

function flat(value: unknown, path = ""): Flat {
  if (value === null || value === undefined) return new Map();
  if (typeof value !== "object") return new Map([[path, [itemText(value)]]]);
  if (Array.isArray(value)) return new Map([[path, value.map(itemText)]]);
  return new Map(
    Object.entries(value).flatMap(([name, inner]) => [
      ...flat(inner, path === "" ? name : `${path}.${name}`),
    ]),
  );
}

function itemText(item: unknown): string {
  return typeof item === "string" ? item : JSON.stringify(item);
}
