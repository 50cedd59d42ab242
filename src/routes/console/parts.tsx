import type { Child } from "hono/jsx";
import type { Language } from "../../domain/language.ts";
import { formatDay, formatTime } from "./format.ts";
import type { Words } from "./words/index.ts";

/*
 * What pages are made of. Every form works without script; what a script adds (`console.js`) is marked by data
 * attributes.
 */

/** A point in time in the reader's language, by UTC: the region's callers live in many zones. */
export function When({
  at,
  language,
  otherwise,
  dayOnly = false,
}: {
  /** ISO 8601, null: not yet. */
  readonly at: string | null;
  readonly language: Language;
  readonly otherwise: string;
  /** Where the hour matters to nobody. */
  readonly dayOnly?: boolean;
}) {
  if (at === null) return <span class="muted">{otherwise}</span>;
  const text = dayOnly ? formatDay(Date.parse(at) / 86_400_000, language) : formatTime(at, language);
  return <time datetime={at}>{text}</time>;
}

/** A permission or a type of event: lines break after a dot, where there is room for no more. */
export function Dotted({ name }: { readonly name: string }) {
  return <code>{name.split(".").map((part, index) => (index === 0 ? part : [".", <wbr />, part]))}</code>;
}

/** What went wrong, said before the form that it is about. */
export function Problem({ text, words }: { readonly text: string | null; readonly words: Words }) {
  if (text === null) return null;
  return (
    <div class="note alarm" role="alert">
      <strong>{words.frame.problem}</strong>
      <p>{text}</p>
    </div>
  );
}

/**
 * What a form would change had been changed by somebody else since it was shown: what they set, where it differs
 * from what was typed. Saving again decides.
 */
export function Meanwhile({
  differing,
  words,
}: {
  /** Null: nobody did. */
  readonly differing: readonly (readonly [label: string, typed: string, now: string])[] | null;
  readonly words: Words;
}) {
  if (differing === null) return null;
  return (
    <div class="note alarm" role="alert">
      <p>{words.frame.conflict}</p>
      <dl>
        {differing
          .filter(([, typed, now]) => typed !== now)
          .map(([label, , now]) => (
            <>
              <dt>{label}</dt>
              <dd>{now === "" ? words.frame.none : now}</dd>
            </>
          ))}
      </dl>
    </div>
  );
}

/** Asks before something that nothing brings back. */
export function Confirm({
  problem = null,
  action,
  yes,
  back,
  words,
  children,
}: {
  readonly problem?: string | null;
  /** Where the form goes; to the page itself when left out. */
  readonly action?: string;
  readonly yes: string;
  /** Where one goes who does not want it. */
  readonly back: string;
  readonly words: Words;
  /** What will happen; fields among it are sent along. */
  readonly children: Child;
}) {
  return (
    <>
      <Problem text={problem} words={words} />
      <form method="post" action={action}>
        <div>{children}</div>
        <div class="buttons">
          <button type="submit" class="danger">
            {yes}
          </button>
          <a class="button quiet" href={back}>
            {words.frame.cancel}
          </a>
        </div>
      </form>
    </>
  );
}

/** What has just been done. */
export function Done({ text }: { readonly text: string | null }) {
  if (text === null) return null;
  return (
    <div class="note done" role="status">
      <p>{text}</p>
    </div>
  );
}

/** A page without anything on it yet says what belongs there. */
export function Empty({ children }: { readonly children: Child }) {
  return <div class="empty">{children}</div>;
}

/** A secret, shown once. */
export function Once({
  label,
  value,
  text,
  words,
}: {
  readonly label: string;
  readonly value: string;
  /** Why it has to be kept now, where it is not by its fingerprint that it is stored. */
  readonly text?: string;
  readonly words: Words;
}) {
  return (
    <div class="note once">
      <strong>{words.frame.onceTitle}</strong>
      <p>{text ?? words.frame.onceText}</p>
      <Copyable label={label} value={value} words={words} />
    </div>
  );
}

/** A text to be taken elsewhere, as it is. */
export function Copyable({
  label,
  value,
  words,
}: {
  readonly label: string;
  readonly value: string;
  readonly words: Words;
}) {
  return (
    <div class="copyable">
      <label>
        {label}
        <input class="secret" type="text" readonly value={value} autocomplete="off" spellcheck={false} />
      </label>
      <button type="button" class="quiet" data-copy data-copied={words.frame.copied} hidden>
        {words.frame.copy}
      </button>
    </div>
  );
}

/** What helps to fill a field in is tied to it, and no part of its name: it would be read out twice. */
function Labelled({
  name,
  help,
  children,
}: {
  readonly name: string;
  readonly help: string | undefined;
  readonly children: Child;
}) {
  return (
    <div class="labelled">
      {children}
      {help === undefined ? null : (
        <span class="help" id={helpId(name, help)}>
          {help}
        </span>
      )}
    </div>
  );
}

function helpId(name: string, help: string | undefined): string | undefined {
  return help === undefined ? undefined : `${name}-help`;
}

/** A field with its label, and what helps to fill it in. */
export function Field({
  label,
  name,
  value = "",
  help,
  type = "text",
  required = false,
  autocomplete = "off",
  ...more
}: {
  readonly label: string;
  readonly name: string;
  readonly value?: string;
  readonly help?: string | undefined;
  readonly type?: string;
  readonly required?: boolean;
  readonly autocomplete?: string;
  readonly inputmode?: "numeric" | "email" | "url";
  readonly maxlength?: number;
  readonly min?: number;
}) {
  return (
    <Labelled name={name} help={help}>
      <label>
        {label}
        <input
          type={type}
          name={name}
          value={value}
          required={required}
          autocomplete={autocomplete}
          aria-describedby={helpId(name, help)}
          {...more}
        />
      </label>
    </Labelled>
  );
}

/** A longer text with its label. */
export function TextArea({
  label,
  name,
  value = "",
  help,
  rows = 3,
  required = false,
}: {
  readonly label: string;
  readonly name: string;
  readonly value?: string;
  readonly help?: string;
  readonly rows?: number;
  readonly required?: boolean;
}) {
  return (
    <Labelled name={name} help={help}>
      <label>
        {label}
        <textarea name={name} rows={rows} required={required} aria-describedby={helpId(name, help)}>
          {value}
        </textarea>
      </label>
    </Labelled>
  );
}

export function Select({
  label,
  name,
  value,
  options,
  help,
}: {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly help?: string;
}) {
  return (
    <Labelled name={name} help={help}>
      <label>
        {label}
        <select name={name} aria-describedby={helpId(name, help)}>
          {options.map(([option, text]) => (
            <option value={option} selected={option === value}>
              {text}
            </option>
          ))}
        </select>
      </label>
    </Labelled>
  );
}

export function CheckBox({
  label,
  name,
  value = "on",
  checked,
  help,
  disabled = false,
}: {
  readonly label: Child;
  readonly name: string;
  readonly value?: string;
  readonly checked: boolean;
  readonly help?: string | undefined;
  readonly disabled?: boolean;
}) {
  return (
    <label class="box">
      <input type="checkbox" name={name} value={value} checked={checked} disabled={disabled} />
      <span>
        {label}
        {help === undefined ? null : <span class="help">{help}</span>}
      </span>
    </label>
  );
}

/** A list as a table; on a phone each row stands as a block, its cells by the names of their columns. */
export function Table({
  heads,
  rows,
  caption,
}: {
  readonly heads: readonly string[];
  /** As many cells as there are heads; null leaves one empty. */
  readonly rows: readonly (readonly Child[])[];
  /** What the table shows, for those who do not see it; where no heading says it. */
  readonly caption?: string;
}) {
  return (
    <div class="wide">
      <table>
        {caption === undefined ? null : <caption class="out-of-sight">{caption}</caption>}
        <thead>
          <tr>
            {heads.map((head) => (
              <th scope="col">{head}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells) => (
            <tr>
              {cells.map((cell, index) => (
                <td data-label={heads[index]}>{cell === null ? null : <div>{cell}</div>}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The way to older entries of a list, and back. */
export function Pager({
  path,
  cursor,
  query,
  words,
}: {
  readonly path: string;
  /** Of the next page, null: there is none. */
  readonly cursor: string | null;
  readonly query: URLSearchParams;
  readonly words: Words;
}) {
  const isFirst = !query.has("cursor");
  if (isFirst && cursor === null) return null;
  const older = new URLSearchParams(query);
  if (cursor !== null) older.set("cursor", cursor);
  // What a list is filtered by stays.
  const newest = new URLSearchParams(query);
  newest.delete("cursor");
  return (
    <p class="pager">
      {isFirst ? null : <a href={`${path}?${newest.toString()}`}>{words.frame.newest}</a>}
      {cursor === null ? null : <a href={`${path}?${older.toString()}`}>{words.frame.more}</a>}
    </p>
  );
}
